"""Publish one SMS with nothing but a Kafka client: python examples/publish.py +46701234567."""

import json
import sys

from confluent_kafka import Producer

producer = Producer({"bootstrap.servers": "127.0.0.1:9092", "partitioner": "murmur2_random"})
request = {"to": sys.argv[1], "from": "ACME", "text": "Hello from Python"}
producer.produce("sms.mt.request", json.dumps(request))
if producer.flush(10):
    sys.exit("no broker at 127.0.0.1:9092")
