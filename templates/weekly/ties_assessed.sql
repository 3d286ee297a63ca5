SELECT * FROM weekly_assessments('ties')
