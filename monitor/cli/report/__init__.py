"""The command `report`: how both sides have kept the agreement over a period."""
