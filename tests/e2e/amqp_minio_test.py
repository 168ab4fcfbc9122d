"""MinIO's own AMQP target feeds `miniatura work`: from an upload to its thumbnail, with nothing in between but the broker."""
import json

import rabbitmq
import servers
import support
from amqp_case import AmqpCase
from rabbitmq import DEAD, THUMBNAIL, WORK


def setUpModule():
    AmqpCase.node = rabbitmq.Node(servers.Shared())


def amqp_target(url, queue_dir):
    """As the README has it."""
    settings = {"ENABLE": "on", "URL": url, "EXCHANGE": "miniatura", "EXCHANGE_TYPE": "direct", "ROUTING_KEY": WORK,
                "DURABLE": "on", "DELIVERY_MODE": "2", "PUBLISHING_CONFIRMS": "on", "MANDATORY": "on", "QUEUE_DIR": str(queue_dir)}
    return {f"MINIO_NOTIFY_AMQP_{name}_MINIATURA": value for name, value in settings.items()}


class FedByMinio(AmqpCase):
    def setUp(self):
        super().setUp()
        self.listen()  # our exchange and queues come first: MinIO declares no queue
        self.s3, variables = support.start_minio(self, **amqp_target(self.url, self.dir / "events"))
        self.env.update(variables)
        client = servers.boto(self, variables)
        client.put_bucket_notification_configuration(Bucket="photos", NotificationConfiguration={
            "QueueConfigurations": [{"QueueArn": "arn:minio:sqs::MINIATURA:amqp", "Events": ["s3:ObjectCreated:*"]}]})

    def test_an_upload_becomes_its_thumbnails(self):
        worker = self.worker("--jobs", 2)
        keys = ["a.jpg", "up/with space + plus.jpg", "ümläut/ö.jpg"]
        for key in keys:
            self.s3.put("photos", key, support.PHOTO.read_bytes())
        self.s3.put("photos", "bad.png", support.corrupt_png())
        replies = [json.loads(body) for _, body in self.queues.take("completions", len(keys))]
        self.assertEqual(sorted(reply["events"][0]["key"] for reply in replies), sorted(keys))
        self.assertEqual({reply["stored"] for reply in replies}, {1})
        (properties, _), = self.queues.take(DEAD, 1)
        self.assertEqual(properties.headers["x-miniatura-code"], "image.corrupt")
        self.assertEqual(support.size_of(self.s3.get("thumbs", "a.jpg/small.jpg")[1]), ("jpeg", 256, 192))
        self.assert_empty(WORK, THUMBNAIL, DEAD)
        self.assertEqual(worker.stop(), 0)


if __name__ == "__main__":
    support.main("rabbitmq-server", "pika", "minio", "boto3")
