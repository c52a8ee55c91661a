package workshop;

import com.google.gson.Gson;
import com.google.gson.JsonObject;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.kafka.listener.ConsumerSeekAware;
import org.springframework.kafka.support.Acknowledgment;

/** Prints transactions, and commits each after it. Run it twice: the two applications share the partitions. */
@SpringBootConfiguration
@EnableAutoConfiguration
public class Consumer implements ConsumerSeekAware {
	public static void main(String[] args) {
		SpringApplication.run(Consumer.class, args);
	}

	@Override
	public void onPartitionsAssigned(Map<TopicPartition, Long> assigned, ConsumerSeekCallback callback) {
		System.out.println("partições recebidas: " + numbers(assigned.keySet()));
	}

	@Override
	public void onPartitionsRevoked(Collection<TopicPartition> revoked) {
		System.out.println("partições devolvidas: " + numbers(revoked));
	}

	private static List<Integer> numbers(Collection<TopicPartition> partitions) {
		return partitions.stream().map(TopicPartition::partition).sorted().toList();
	}

	@KafkaListener(topics = "${TOPIC:transactions}")
	void take(ConsumerRecord<String, String> msg, Acknowledgment offset) {
		JsonObject transaction = new Gson().fromJson(msg.value(), JsonObject.class);
		System.out.printf("partição %d: transação %s de %s%n", msg.partition(), transaction.get("id_sequencia"), msg.key());
		offset.acknowledge(); // an exception before it has the message delivered again, ten times in all, and then skipped
	}
}
