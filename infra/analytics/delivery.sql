-- What became of the segments that were written within a time, by connector and country.
-- SET param_from = '2026-11-01 00:00:00'; SET param_to = '2026-12-01 00:00:00';

SELECT
    connector,
    country,
    count() AS segments,
    countIf(acceptances > 0) AS accepted,
    countIf(in_doubt) AS in_doubt,
    countIf(refused) AS refused,
    countIf(delivered) AS delivered,
    countIf(failed) AS failed,
    segments - refused - delivered - failed AS untold
FROM written(from = {from:String}, to = {to:String})
GROUP BY connector, country
ORDER BY connector, country;
