-- What the segments cost that were written within a time, as often as they were accepted.
-- SET param_from = '2026-11-01 00:00:00'; SET param_to = '2026-12-01 00:00:00';
-- The price is that of the way: of the event `routed`, which may be up to seven days older.

SELECT
    connector,
    country,
    currency,
    sum(acceptances) AS segments,
    sumIf(acceptances, price IS NULL) AS unpriced,
    toString(sum(coalesce(price, toDecimal128(0, 12)) * acceptances)) AS cost
FROM written(from = {from:String}, to = {to:String}) AS written
LEFT JOIN
(
    SELECT message_id, hop, argMax(price, at) AS price, argMax(currency, at) AS currency
    FROM events
    WHERE event = 'routed' AND at >= {from:DateTime64(3, 'UTC')} - INTERVAL 7 DAY
    GROUP BY message_id, hop
) AS routed USING (message_id, hop)
WHERE acceptances > 0
GROUP BY connector, country, currency
ORDER BY connector, country, currency;
