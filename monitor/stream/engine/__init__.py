"""Every private hook into Faust and aiokafka; pinned versions, one contract test for each hook."""
