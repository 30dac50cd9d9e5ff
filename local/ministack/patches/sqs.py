"""The event source mapping between SQS and Lambda."""

import os
import time

from ministack.services import lambda_svc, sqs

# A batching window of 60 s is a long wait on one machine.
TIME_SCALE = float(os.environ.get("LOCAL_TIME_SCALE", "1"))

# When the first message was seen that waits for its batch, by the queue's URL.
_waiting_since = {}


def apply():
    # AWS fills a batch up to BatchSize (10,000) for up to MaximumBatchingWindowInSeconds. MiniStack takes at most 10 messages and takes
    # them at once: files that were uploaded together came as many small runs.
    sqs._receive_messages_for_esm = _receive_batch


def _receive_batch(queue_url, batch_size):
    batch_size = int(batch_size or 10)
    with sqs._queues_lock:
        queue = sqs._get_q(queue_url)
        sqs._expire_retained(queue)
        sqs._dlq_sweep(queue)
        visible = [message for message in queue["messages"] if message["visible_at"] <= time.time()]
        if not visible:
            _waiting_since.pop(queue_url, None)
            return []
        since = _waiting_since.setdefault(queue_url, time.time())
        if len(visible) < batch_size and time.time() - since < _window(queue) * TIME_SCALE:
            return []
        del _waiting_since[queue_url]
        return sqs._collect_msgs(queue, batch_size, int(queue["attributes"].get("VisibilityTimeout", "30")))


def _window(queue):
    arn = queue["attributes"]["QueueArn"]
    return max((mapping.get("MaximumBatchingWindowInSeconds") or 0 for _, _, mapping in lambda_svc._iter_all_esms()
                if mapping.get("EventSourceArn") == arn), default=0)
