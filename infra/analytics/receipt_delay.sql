-- From the write of a segment to its final receipt, by connector, of what was written within a time.
-- Left out is what nobody knows when it was written.
-- SET param_from = '2026-11-01 00:00:00'; SET param_to = '2026-12-01 00:00:00';

SELECT
    connector,
    count() AS receipts,
    quantileExact(0.5)(delay_ms) AS p50_ms,
    quantileExact(0.9)(delay_ms) AS p90_ms,
    quantileExact(0.99)(delay_ms) AS p99_ms,
    max(delay_ms) AS max_ms
FROM
(
    SELECT connector, toUnixTimestamp64Milli(receipt.2) - toUnixTimestamp64Milli(assumeNotNull(written_at)) AS delay_ms
    FROM written(from = {from:String}, to = {to:String})
    WHERE has_receipt AND NOT is_guess
)
GROUP BY connector
ORDER BY connector;
