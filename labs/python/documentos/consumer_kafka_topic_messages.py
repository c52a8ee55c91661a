"""O consumer do guia do Kafka nativo: python consumer_kafka_topic_messages.py TOPICO

Confirma sozinho, a cada segundo: o que mostrou no último segundo antes de uma queda é mostrado de novo. O reinício
espera pela sessão do membro que caiu: 45 segundos, se session_timeout_ms não diz outra coisa.
"""
import os
import sys
from json import loads

from kafka import KafkaConsumer


def consumer_kafka_topic_messages(topic_name):
    consumer = KafkaConsumer(
        topic_name,
        bootstrap_servers=[os.environ["kafka_host_url"]],
        auto_offset_reset="earliest",
        enable_auto_commit=True,
        auto_commit_interval_ms=1000,
        group_id="group_data_science",
        value_deserializer=lambda x: loads(x.decode("utf-8")),
    )
    for message in consumer:
        print(message.value, flush=True)
    consumer.close()


consumer_kafka_topic_messages(sys.argv[1])
