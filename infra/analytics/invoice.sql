-- What a carrier should have billed: segments it accepted, by connector and day in the carrier's zone.
-- SET param_from = '2026-11-01 00:00:00'; SET param_to = '2026-12-01 00:00:00';
-- A segment that was accepted twice is billed twice. Those in doubt never had an answer; they may be on the
-- invoice or not. So may be what was written again after a lost answer, which nothing here counts.

SELECT connector, day, countIf(NOT is_in_doubt) AS accepted, countIf(is_in_doubt) AS in_doubt
FROM
(
    SELECT
        connector,
        formatDateTime(written_at, '%F', if(zones.zone = '', 'UTC', zones.zone)) AS day,
        is_in_doubt
    FROM
    (
        SELECT any(connector) AS connector, any(submitted_at) AS written_at, false AS is_in_doubt
        FROM events
        WHERE event = 'segment_accepted' AND NOT test AND at >= {from:DateTime64(3, 'UTC')}
        GROUP BY event_id
        UNION ALL
        SELECT
            any(connector) AS connector,
            min(tried_at) AS written_at,
            true AS is_in_doubt
        FROM events
        WHERE event IN ('segment_unknown', 'segment_accepted') AND NOT test
            AND at >= {from:DateTime64(3, 'UTC')} AND tried_at >= {from:DateTime64(3, 'UTC')}
        GROUP BY message_id, hop, segment
        HAVING countIf(event = 'segment_accepted') = 0
    ) AS billed
    LEFT JOIN zones FINAL USING (connector)
    WHERE written_at >= {from:DateTime64(3, 'UTC')} AND written_at < {to:DateTime64(3, 'UTC')}
)
GROUP BY connector, day
ORDER BY connector, day
SETTINGS allow_nonconst_timezone_arguments = 1;
