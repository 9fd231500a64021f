"""What intake works on."""

from monitor.stream.intake import Topics


def test_topics_are_told_with_the_numbers_of_their_partitions() -> None:
    topics = Topics("leads.events", 3, "timeline", "facts", "outcomes", "dead-letters", 8)
    assert str(topics) == "leads.events with 3 partitions; timeline, facts, outcomes, dead-letters with 8 each"
