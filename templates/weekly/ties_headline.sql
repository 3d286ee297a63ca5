SELECT * FROM topic_headline('ties')
