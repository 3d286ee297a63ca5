-- And the answer to the question of what ISIS will do: our assessments that forecast.
SELECT * FROM weekly_assessments('isis')
UNION ALL
SELECT id, text, NULL, rests_on, 1001
FROM judgments
WHERE role = 'assessment' AND topic = 'isis' AND author IS NULL AND until IS NOT NULL
ORDER BY rank, id
