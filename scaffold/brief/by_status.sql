-- Labels are made here: a chart only draws. The column cites is what the line below the chart names as its sources.
SELECT claim_status AS status, CAST(count(*) AS INTEGER) AS reports, list(id ORDER BY id) AS cites
FROM events
GROUP BY claim_status
ORDER BY reports DESC, status
