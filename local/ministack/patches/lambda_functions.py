"""Lambda functions."""

from ministack.core import lambda_runtime
from ministack.services import lambda_svc

from patches.replace import replace

# Marks the name of an error in the one text that a Node.js worker hands to MiniStack.
SEPARATOR = "\x01"


def apply():
    # AWS reports an error by its name (errorType), which is what Retry and Catch of a state machine match. MiniStack passes only the
    # message on and calls every error of a Node.js function Runtime.HandlerError: no Catch by name ever matched.
    _tell_error_names()
    replace(lambda_svc, "_execute_function", _with_error_name)


def _tell_error_names():
    script = lambda_runtime._NODEJS_WORKER_SCRIPT
    named = '"\\u0001" + ((%s && %s.name) || "Error") + "\\u0001" + String((%s && %s.message) || %s)'
    for variable, original in (("err", "error: String(err.message || err), trace"), ("e", "error: e.message, trace: e.stack")):
        if original not in script:
            raise RuntimeError(f"MiniStack's Node.js worker has no '{original}' any more: adapt {__file__}")
        script = script.replace(original, f"error: {named % ((variable,) * 5)}, trace" + (": e.stack" if variable == "e" else ""))
    lambda_runtime._NODEJS_WORKER_SCRIPT = script


def _with_error_name(execute):
    def execute_function(*args, **kwargs):
        result = execute(*args, **kwargs)
        body = result.get("body") if isinstance(result, dict) else None
        message = body.get("errorMessage") if isinstance(body, dict) else None
        if isinstance(message, str) and message.startswith(SEPARATOR):
            _, body["errorType"], body["errorMessage"] = message.split(SEPARATOR, 2)
        return result

    return execute_function
