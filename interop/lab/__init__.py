"""The lab: real servers on machines of their own; reusable pieces, no scene."""
