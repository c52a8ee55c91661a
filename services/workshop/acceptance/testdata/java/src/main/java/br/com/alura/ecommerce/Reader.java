package br.com.alura.ecommerce;

import java.nio.charset.StandardCharsets;
import java.io.PrintStream;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;

/**
 * Reads topics from their beginnings to their present ends, a line for each message: topic, class, payload and
 * correlation id, between tabs. A message that it cannot read ends it, as it ends the course's services.
 *
 * <p>Arguments: the bootstrap servers, then the topics.
 */
public class Reader {
	public static void main(String[] args) {
		var out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
		var config = Map.<String, Object>of("bootstrap.servers", args[0], "isolation.level", "read_committed", "enable.auto.commit", "false");
		try (var consumer = new KafkaConsumer<>(config, new StringDeserializer(), new GsonDeserializer())) {
			var partitions = Arrays.stream(args).skip(1).flatMap(topic -> consumer.partitionsFor(topic).stream())
					.map(p -> new TopicPartition(p.topic(), p.partition())).toList();
			consumer.assign(partitions);
			consumer.seekToBeginning(partitions);
			var ends = consumer.endOffsets(partitions);
			while (partitions.stream().anyMatch(p -> consumer.position(p) < ends.get(p))) {
				for (var record : consumer.poll(Duration.ofMillis(200))) {
					var message = record.value();
					out.println(String.join("\t", record.topic(), message.payload().getClass().getName(), message.payload().toString(), message.id().id()));
				}
			}
		}
	}
}
