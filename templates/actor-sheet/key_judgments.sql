SELECT id, text, confidence, confidence_basis, rests_on
FROM sheet_key_judgments($actor)
ORDER BY place
