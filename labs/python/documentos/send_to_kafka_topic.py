"""O producer do guia do Kafka nativo: python send_to_kafka_topic.py TOPICO '{"classe": "pessoa"}'

O guia passa também api_version=(0, 10, 1): com ele o cliente fala o protocolo de 2016, que o Kafka 4 e os brokers embutidos não
aceitam mais. Sem ele, o cliente pergunta ao broker o que ele fala.
"""
import json
import os
import sys

from kafka import KafkaProducer


def send_to_kafka_topic(detections, topic_name):
    producer = KafkaProducer(
        bootstrap_servers=[os.environ["kafka_host_url"]],
        value_serializer=lambda v: json.dumps(v).encode("utf-8"),
    )
    sent = producer.send(topic_name, detections)
    producer.flush()
    print("enviada:", sent.get().topic)  # flush espera pela resposta, mas só get diz se houve um erro
    producer.close()


send_to_kafka_topic(json.loads(sys.argv[2]), sys.argv[1])
