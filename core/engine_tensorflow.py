# mypy: disable-error-code="no-untyped-def"
"""The engine on TensorFlow: one `tf.function` runs many batches over images that lie on the device."""

from typing import Any

import numpy as np
import tensorflow as tf

from core.batches import Sums


class TensorFlow:
    def __init__(self, loop: Any, jit: bool = False) -> None:
        self.loop, self.model = loop, loop.model
        self.one_hot = self.model.loss == "categorical_crossentropy"
        self.images = tf.Variable(loop.train.images, trainable=False)
        self.labels = tf.constant(loop.train.labels)
        if not self.model.optimizer.built:
            self.model.optimizer.build(self.model.trainable_variables)
        self.model.compute_metrics(None, self._truth(self.labels[:1]), tf.fill((1, 10), 0.1))
        self.many = tf.function(self._many, jit_compile=jit, autograph=False)

    def put(self, images: np.ndarray) -> None:
        self.images.assign(images)

    def train_function(self) -> Any:

        totals = {}

        def train(iterator: Any) -> dict[str, Any]:
            loop = self.loop
            if loop.position == 0:
                totals["sums"] = Sums()
            indices, rates = loop.next_batches()
            loss, correct = 0.0, 0
            whole = len(indices) // loop.batch_size
            if whole:
                loss, correct = self.many(
                    tf.constant(indices[: whole * loop.batch_size].reshape(whole, -1)),
                    tf.constant(rates if rates is not None else np.zeros(0, np.float32)),
                )
            rest = indices[whole * loop.batch_size :]
            if len(rest):
                more, right = self._one(tf.constant(rest), None if rates is None else rates[-1])
                loss, correct = loss + more, correct + right
            sums = Sums(float(loss), int(correct), len(indices))
            loop.report(sums)
            totals["sums"] += sums
            return self._metrics(totals["sums"])

        return train

    def _metrics(self, sums):
        for v, x in zip(self.model.metrics_variables, (sums.loss, sums.images, sums.correct, sums.images), strict=True):
            v.assign(x)
        return {"loss": sums.mean_loss, "accuracy": sums.accuracy}

    def test_function(self):
        def test(iterator):
            return self._metrics(self.evaluate(self.loop.validation))

        return test

    def evaluate(self, digits):

        if not hasattr(self, "forward"):

            @tf.function(autograph=False)
            def forward(images, labels):
                p = self.model(images, training=False)
                return self.model.compute_loss(y=self._truth(labels), y_pred=p), tf.reduce_sum(
                    tf.cast(tf.argmax(p, -1, tf.int32) == tf.cast(labels, tf.int32), tf.int32)
                )

            self.forward = forward
        sums = Sums()
        for i in range(0, len(digits), 2048):
            part = digits[i : i + 2048]
            loss, correct = self.forward(tf.constant(part.images), tf.constant(part.labels))
            sums += Sums(float(loss) * len(part), int(correct), len(part))
        return sums

    def sync(self):
        pass

    def _truth(self, labels):
        return tf.one_hot(labels, 10) if self.one_hot else labels

    def _one(self, batch, rate=None):
        if rate is not None:
            self.model.optimizer.learning_rate.assign(rate)
        x, labels = tf.gather(self.images, batch), tf.gather(self.labels, batch)
        y = self._truth(labels)
        with tf.GradientTape() as tape:
            p = self.model(x, training=True)
            loss = self.model.compute_loss(x=x, y=y, y_pred=p)
        weights = self.model.trainable_variables
        self.model.optimizer.apply(tape.gradient(loss, [v.value for v in weights]), weights)
        size = tf.cast(tf.shape(batch)[0], tf.float32)
        return loss * size, tf.reduce_sum(tf.cast(tf.argmax(p, -1, tf.int32) == tf.cast(labels, tf.int32), tf.int32))

    def _many(self, batches, rates):
        scheduled = self.loop.rates is not None

        def body(i, loss, correct):
            more, right = self._one(batches[i], rates[i] if scheduled else None)
            return i + 1, loss + more, correct + right

        n = tf.shape(batches)[0]
        _, loss, correct = tf.while_loop(lambda i, *_: i < n, body, (0, 0.0, 0))
        return loss, correct
