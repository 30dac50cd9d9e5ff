"""Scheduled rules of EventBridge."""

import os

from ministack.services import eventbridge

from patches.replace import replace

TIME_SCALE = float(os.environ.get("LOCAL_TIME_SCALE", "1"))


def apply():
    # No gap: a sweep each minute is a long wait on one machine. MiniStack looks for due rules every 10 s.
    replace(eventbridge, "_parse_rate_seconds", _scaled)
    eventbridge._SCHEDULER_TICK_INTERVAL = max(1, eventbridge._SCHEDULER_TICK_INTERVAL * TIME_SCALE)


def _scaled(parse_rate_seconds):
    def parse(expression):
        seconds = parse_rate_seconds(expression)
        return None if seconds is None else seconds * TIME_SCALE

    return parse
