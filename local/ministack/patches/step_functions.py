"""Step Functions."""

import contextvars
import json
import threading

from ministack.services import stepfunctions

from patches.replace import replace


def apply():
    # AWS ends an execution with TIMED_OUT after the machine's TimeoutSeconds. MiniStack lets it run: compute was never stopped.
    replace(stepfunctions, "_run_execution", _with_time_limit)
    # What has ended stays as it ended. MiniStack's thread goes on after StopExecution, and the failure that this brings about replaced
    # ABORTED by FAILED.
    replace(stepfunctions, "_fail_execution", _unless_ended)
    # An execution that has ended enters no state. MiniStack looks at that only outside of Parallel: a step's poll loop went on.
    replace(stepfunctions, "_execute_task", _while_running)
    # A branch of a Parallel has variables of its own. MiniStack shares them: two steps side by side polled one another's job.
    replace(stepfunctions, "_run_sub_machine", _in_own_scope)
    # A ResultPath may name a field in brackets, $.results['2-dynamo']. MiniStack knows brackets everywhere but there.
    replace(stepfunctions, "_apply_result_path_raw", _with_brackets)


def _with_time_limit(run_execution):
    def run(execution_arn):
        execution = stepfunctions._executions.get(execution_arn)
        machine = stepfunctions._state_machines.get(execution["stateMachineArn"]) if execution else None
        seconds = json.loads(machine["definition"]).get("TimeoutSeconds") if machine else None
        if seconds:
            # the context says whose account and region it is
            timer = threading.Timer(seconds, contextvars.copy_context().run, (_time_out, execution))
            timer.daemon = True
            timer.start()
        return run_execution(execution_arn)

    return run


def _time_out(execution):
    if execution["status"] != "RUNNING":
        return
    execution.update(status="TIMED_OUT", stopDate=stepfunctions.now_iso())
    stepfunctions._add_event(execution, "ExecutionTimedOut", {"executionTimedOutEventDetails": {}})
    stepfunctions._emit_execution_status_event(execution)


def _unless_ended(fail_execution):
    def fail(execution, error, cause):
        if execution["status"] == "RUNNING":
            fail_execution(execution, error, cause)

    return fail


def _while_running(execute_task):
    def execute(state, raw_input, execution, context):
        if execution["status"] != "RUNNING":
            raise stepfunctions._ExecutionError("States.Runtime", f"The execution has ended: {execution['status']}")
        return execute_task(state, raw_input, execution, context)

    return execute


def _in_own_scope(run_sub_machine):
    def run(states, start_at, input_data, execution, context):
        return run_sub_machine(states, start_at, input_data, execution, {**context, "variables": dict(context["variables"])})

    return run


def _with_brackets(apply_result_path):
    def apply(result_path, original, result):
        if result_path and "[" in result_path:
            result_path = ".".join(["$", *(name for _, name in stepfunctions._parse_jsonpath_tokens(result_path))])
        return apply_result_path(result_path, original, result)

    return apply
