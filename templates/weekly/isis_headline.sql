SELECT * FROM topic_headline('isis')
