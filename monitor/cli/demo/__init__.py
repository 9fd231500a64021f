"""The whole product on one machine: a broker, a worker, a believable funnel and a webhook receiver."""
