SELECT * FROM first_assessment('ties')
