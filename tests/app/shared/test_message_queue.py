"""What reaches the browser when one fragment begins before the messages of another one were sent."""

from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.forward_msg_queue import ForwardMsgQueue

from pages.shared import message_queue

FINISHED = ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY


def _drawn(fragment: str, path: list[int]) -> ForwardMsg:
    message = ForwardMsg()
    message.metadata.delta_path.extend(path)
    message.delta.fragment_id = fragment
    message.delta.new_element.text.body = fragment
    return message


def _queue_of_two_fragments() -> ForwardMsgQueue:
    queue = ForwardMsgQueue()
    queue.enqueue(_drawn("canvas", [0, 0]))
    queue.enqueue(_drawn("bars", [0, 1]))  # a fragment inside the canvas' one
    queue.enqueue(ForwardMsg(script_finished=FINISHED))
    queue.clear(retain_lifecycle_msgs=True, fragment_ids_this_run=["bars"])  # it begins before anything was sent
    queue.enqueue(_drawn("bars", [0, 1]))
    queue.enqueue(ForwardMsg(script_finished=FINISHED))
    return queue


def test_a_finished_fragment_is_still_finished_when_another_begins(monkeypatch):
    monkeypatch.setattr(ForwardMsgQueue, "clear", getattr(ForwardMsgQueue.clear, "__wrapped__", ForwardMsgQueue.clear))
    message_queue.keep_finished_fragments()
    message_queue.keep_finished_fragments()  # as each page does
    sent = _queue_of_two_fragments().flush()
    assert [message.delta.fragment_id or "finished" for message in sent] == [
        *("canvas", "bars", "finished"),
        *("bars", "finished"),
    ]
    assert all(message.script_finished == FINISHED for message in sent if message.HasField("script_finished"))


def test_a_new_run_of_the_whole_page_still_drops_what_was_not_sent(monkeypatch):
    monkeypatch.setattr(ForwardMsgQueue, "clear", getattr(ForwardMsgQueue.clear, "__wrapped__", ForwardMsgQueue.clear))
    message_queue.keep_finished_fragments()
    queue = ForwardMsgQueue()
    queue.enqueue(_drawn("canvas", [0, 0]))
    queue.clear(retain_lifecycle_msgs=True)
    assert queue.is_empty()
