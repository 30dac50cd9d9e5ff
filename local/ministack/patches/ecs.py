"""ECS."""

import json

from ministack.services import ecs

from patches.replace import replace

# Tasks by the client token of the RunTask that started them.
_tasks_by_token = {}


def apply():
    # AWS answers a repeated RunTask with the tasks of the first one. MiniStack starts others: a repeated launch loaded twice.
    replace(ecs, "_run_task", _once_per_client_token)


def _once_per_client_token(run_task):
    def run(request):
        token = request.get("clientToken")
        if token in _tasks_by_token:
            return ecs.json_response({"tasks": [ecs._sanitize(ecs._tasks[arn]) for arn in _tasks_by_token[token]], "failures": []})
        response = run_task(request)
        if token and response[0] == 200:
            _tasks_by_token[token] = [task["taskArn"] for task in json.loads(response[2])["tasks"]]
        return response

    return run
