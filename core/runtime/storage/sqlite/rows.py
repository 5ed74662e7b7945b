"""Rows of the event tables <-> the model, and every statement on them."""

from __future__ import annotations

from typing import Any

from runtime.model import TriggerKind
from runtime.records import DeadLetter, Event, Placement, QueueKey
from runtime.storage.attempts import decode_attempts
from runtime.storage.queues import Message

SCHEMA = """
CREATE TABLE messages (
    id INTEGER PRIMARY KEY, kind TEXT NOT NULL, topic TEXT NOT NULL, step TEXT NOT NULL,
    event TEXT NOT NULL, event_topic TEXT NOT NULL, trace TEXT NOT NULL, data BLOB NOT NULL, created REAL NOT NULL,
    due REAL NOT NULL, grp TEXT NOT NULL, priority INTEGER NOT NULL, attempt INTEGER NOT NULL, failed BLOB NOT NULL
) STRICT;
CREATE TABLE dead_letters (
    id INTEGER PRIMARY KEY, kind TEXT NOT NULL, topic TEXT NOT NULL, step TEXT NOT NULL,
    event TEXT NOT NULL, event_topic TEXT NOT NULL, trace TEXT NOT NULL, data BLOB NOT NULL, created REAL NOT NULL,
    grp TEXT NOT NULL, priority INTEGER NOT NULL, attempts BLOB NOT NULL, buried REAL NOT NULL
) STRICT;
CREATE INDEX dead_letters_by_queue ON dead_letters (kind, topic, step, id);
CREATE TABLE idempotency_keys (
    topic TEXT NOT NULL, key TEXT NOT NULL, event TEXT NOT NULL, until REAL NOT NULL, PRIMARY KEY (topic, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_keys_by_end ON idempotency_keys (until);
CREATE TABLE paused_queues (
    kind TEXT NOT NULL, topic TEXT NOT NULL, step TEXT NOT NULL, PRIMARY KEY (kind, topic, step)
) STRICT, WITHOUT ROWID;
"""

_EVENT = "event, event_topic, trace, data, created"
_QUEUE = "kind = ? AND topic = ? AND step = ?"
MAX_ID = "SELECT max(coalesce((SELECT max(id) FROM messages), 0), coalesce((SELECT max(id) FROM dead_letters), 0))"
INSERT = "INSERT INTO messages VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
DELETE = "DELETE FROM messages WHERE id = ?"
RETRY = "UPDATE messages SET attempt = ?, due = ?, failed = ? WHERE id = ?"
TAKEN = "UPDATE messages SET attempt = ? WHERE id = ?"
MOVE = "UPDATE messages SET kind = ?, topic = ?, step = ? WHERE id = ?"
SELECT = f"SELECT id, kind, topic, step, {_EVENT}, due, grp, priority, attempt, failed FROM messages ORDER BY id"
SELECT_EVENT = f"SELECT {_EVENT} FROM messages WHERE id = ?"
BURY = f"""INSERT INTO dead_letters
    SELECT id, kind, topic, step, {_EVENT}, grp, priority, ?, ? FROM messages WHERE id = ?"""
SELECT_DEAD = f"""SELECT id, kind, topic, step, {_EVENT}, grp, priority, attempts, buried
    FROM dead_letters WHERE {_QUEUE} AND id > ? ORDER BY id LIMIT ?"""
COUNT_DEAD = "SELECT kind, topic, step, count(*) FROM dead_letters GROUP BY kind, topic, step"
REDRIVE = "DELETE FROM dead_letters WHERE id = ?"
MOVE_DEAD = f"UPDATE dead_letters SET kind = ?, topic = ?, step = ? WHERE {_QUEUE}"
PURGE_DEAD = f"DELETE FROM dead_letters WHERE {_QUEUE}"
SELECT_KEY = "SELECT event FROM idempotency_keys WHERE topic = ? AND key = ? AND until > ?"
INSERT_KEY = "INSERT OR REPLACE INTO idempotency_keys VALUES (?, ?, ?, ?)"
FORGET_KEYS = """DELETE FROM idempotency_keys WHERE (topic, key) IN
    (SELECT topic, key FROM idempotency_keys WHERE until <= ? ORDER BY until LIMIT 16)"""
PAUSED = "SELECT kind, topic, step FROM paused_queues"
PAUSE = "INSERT OR IGNORE INTO paused_queues VALUES (?, ?, ?)"
RESUME = f"DELETE FROM paused_queues WHERE {_QUEUE}"


def queue_of(kind: str, topic: str, step: str) -> QueueKey:
    """The queue that three columns name."""
    return QueueKey(topic, step, TriggerKind(kind))


def event_row(message: Message, event: Event) -> tuple[Any, ...]:
    """A message that was never taken, as `INSERT` takes it."""
    queue = message.queue
    return (
        message.id,
        queue.kind.value,
        queue.topic,
        queue.step,
        event.id,
        event.topic,
        event.trace,
        event.data,
        event.created,
        message.due,
        message.group,
        message.priority,
        message.attempt,
        b"",
    )


def read_event(row: tuple[Any, ...]) -> Event:
    """The event of its five columns."""
    id, topic, trace, data, created = row
    return Event(id, topic, data, trace, created)


def read_message(row: tuple[Any, ...]) -> Message:
    """The message of a row of `SELECT`."""
    event = read_event(row[4:9])
    due, group, priority, attempt, failed = row[9:]
    message = Message(row[0], event, event.created, Placement(queue_of(*row[1:4]), due, group, priority))
    message.attempt = attempt
    message.failed = decode_attempts(failed)
    return message


def read_letter(row: tuple[Any, ...]) -> DeadLetter:
    """The dead letter of a row of `SELECT_DEAD`."""
    group, priority, attempts, buried = row[9:]
    queue = queue_of(*row[1:4])
    return DeadLetter(row[0], queue, read_event(row[4:9]), decode_attempts(attempts), buried, group, priority)
