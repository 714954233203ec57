"""Runway's tasks in time: what a task is at a moment follows from when it came, the clock, and who was before it.

A task waits (THROTTLED) until its model has a free place, is PENDING, then RUNNING, then at an end. Nothing runs
meanwhile: settle() gives away, when somebody looks, the places that have become free since.
"""

SUCCEEDED, FAILED, CANCELLED, DELETED = "SUCCEEDED", "FAILED", "CANCELLED", "DELETED"
DAY_MS = 24 * 3600 * 1000

# failureCode prefix: is the money given back, what the failure says. The longest prefix counts.
FAILURES = {
    "": (True, "An unexpected error occurred."),
    "SAFETY.INPUT": (False, "The input was flagged by our content moderation system."),
    "SAFETY.OUTPUT": (True, "The output was flagged by our content moderation system."),
    "INPUT_PREPROCESSING.SAFETY": (False, "The input was flagged by our content moderation system."),
    "INTERNAL.BAD_OUTPUT": (True, "The generation did not reach the quality that we ask for."),
    "ASSET.INVALID": (True, "An input file is invalid."),
    "THIRD_PARTY.UNAVAILABLE": (True, "A third party is unavailable."),
}


def failure(code):
    """Refunded, text."""
    fitting = [prefix for prefix in FAILURES if (code or "").startswith(prefix)]
    return FAILURES[max(fitting, key=len)]


def ready_at(task):
    return task["slotAt"] + task["pendingMs"]


def end_of(task):
    """When a task that has a place frees it."""
    end = ready_at(task) + task["runningMs"]
    return min(end, task["cancelledAt"]) if task["cancelledAt"] else end


class Tasks:
    def __init__(self):
        self.all = {}
        self.queues = {}  # model: those without a place, in order
        self.placed = {}  # model: those with a place that was not seen to be free again

    def add(self, task):
        self.all[task["id"]] = task
        self.queues.setdefault(task["model"], []).append(task)

    def settle(self, model, limit, now):
        queue, placed = self.queues.get(model, []), self.placed.setdefault(model, [])
        while queue:
            task = queue[0]
            ends = sorted(end for end in map(end_of, placed) if end > task["at"])
            start = task["at"] if len(ends) < limit else ends[len(ends) - limit]
            if start > now:
                break
            task["slotAt"] = start
            placed.append(queue.pop(0))
        placed[:] = [task for task in placed if end_of(task) > now]

    def cancel(self, task, at):
        task["cancelledAt"] = at
        if task["slotAt"] is None:
            self.queues[task["model"]].remove(task)

    def finish(self, at):
        """Those that have a place are at their end now."""
        for task in (task for placed in self.placed.values() for task in placed if end_of(task) > at):
            task["pendingMs"] = min(task["pendingMs"], at - task["slotAt"])
            task["runningMs"] = at - ready_at(task)

    def since(self, model, start):
        """How many were made of a model."""
        return sum(task["model"] == model and task["at"] > start for task in self.all.values())


def state(task, now):
    """The status as the service names it; DELETED: it had ended when it was deleted."""
    if task["slotAt"] is None:
        return CANCELLED if task["cancelledAt"] else "THROTTLED"
    end = ready_at(task) + task["runningMs"]
    if task["cancelledAt"]:
        return CANCELLED if task["cancelledAt"] < end else DELETED
    if now >= end:
        return FAILED if "fail" in task["fate"] else SUCCEEDED
    return "PENDING" if now < ready_at(task) else "RUNNING"


def refunded(task, now):
    """A failed task by its code; a cancelled one if it had not begun to run."""
    if state(task, now) == CANCELLED:
        return task["slotAt"] is None or task["cancelledAt"] < ready_at(task)
    ended_badly = "fail" in task["fate"] and task["slotAt"] is not None and now >= ready_at(task) + task["runningMs"]
    return ended_badly and task["fate"].get("failRefund", failure(task["fate"]["fail"])[0])


def cost(task, now):
    return 0 if refunded(task, now) else task["credits"]


def progress(task, now):
    return round(min(0.99, (now - ready_at(task)) / max(1, task["runningMs"])), 2)
