-- Our own first assessment. The authors’ view of one branch is in the brief on the reactions.
SELECT * FROM first_assessment('celebrations')
