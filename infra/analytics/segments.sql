-- A row a segment on each way that it was written on, from what was written within a time:
--     SELECT * FROM written(from = '2026-11-01 00:00:00', to = '2026-12-01 00:00:00')
-- The other queries stand on it. Times are UTC; test messages are left out.

CREATE VIEW written AS
SELECT
    message_id,
    hop,
    segment,
    maxIf(connector, event IN ('segment_accepted', 'segment_unknown', 'segment_rejected')) AS connector,
    maxIf(country, event IN ('segment_accepted', 'segment_unknown', 'segment_rejected')) AS country,
    uniqExactIf(event_id, event = 'segment_accepted') AS acceptances,
    acceptances = 0 AND countIf(event = 'segment_unknown') > 0 AS in_doubt,
    acceptances = 0 AND NOT in_doubt AS refused,
    multiIf(
        acceptances > 0, minIf(submitted_at, event = 'segment_accepted'),
        in_doubt, minIf(tried_at, event = 'segment_unknown'),
        minIf(submitted_at, event = 'segment_rejected')) AS written_at,
    argMinIf(
        (receipt_state, at),
        (multiIf(receipt_state = 'DELIVERED', 0, receipt_state = 'UNKNOWN', 2, 1), at, receipt_state),
        receipt_state IN ('DELIVERED', 'UNKNOWN', 'EXPIRED', 'DELETED', 'UNDELIVERABLE', 'REJECTED')
    ) AS receipt,
    in_doubt AND argMinIf(submitted_at IS NULL, (tried_at, submitted_at IS NULL), event = 'segment_unknown') AS is_guess,
    NOT refused AND receipt.1 != '' AS has_receipt,
    NOT refused AND receipt.1 = 'DELIVERED' AS delivered,
    has_receipt AND receipt.1 NOT IN ('DELIVERED', 'UNKNOWN') AS failed
FROM events
WHERE NOT test AND segment IS NOT NULL AND at >= {from:DateTime64(3, 'UTC')}
    AND (event NOT IN ('segment_accepted', 'segment_unknown', 'segment_rejected')
        OR tried_at >= {from:DateTime64(3, 'UTC')})
GROUP BY message_id, hop, segment
HAVING written_at >= {from:DateTime64(3, 'UTC')} AND written_at < {to:DateTime64(3, 'UTC')};
