SELECT * FROM weekly_assessments('isis')
