SELECT id, text, likelihood, confidence, confidence_basis, rests_on
FROM sheet_key_judgments($actor)
ORDER BY place
