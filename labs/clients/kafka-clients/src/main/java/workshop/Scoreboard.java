package workshop;

import com.google.gson.Gson;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;

/** The scoreboard with Kafka's own Java client: DELIVERY says where an offset is committed. */
public final class Scoreboard {
	record Event(int id, String event, String team, Map<String, Integer> score, String match) {}

	static final String DELIVERY = Producer.env("DELIVERY", "at-least-once"), TOPIC = Producer.env("TOPIC", "scoreGame");
	static final String GROUP = Producer.env("CONSUMER_GROUP", "group1"), INSTANCE = Producer.env("GROUP_INSTANCE_ID", "");
	static final String BROKERS = Producer.env("BOOTSTRAP_SERVERS", "localhost:9091,localhost:9092,localhost:9093");

	static KafkaConsumer<String, String> consumer(String instance) {
		var settings = new HashMap<String, Object>(Map.of("bootstrap.servers", BROKERS, "group.id", GROUP, "session.timeout.ms", 6000,
				"enable.auto.commit", false, "auto.offset.reset", "earliest", "isolation.level", "read_committed"));
		if (!instance.isEmpty()) settings.put("group.instance.id", instance);
		return new KafkaConsumer<>(settings, new StringDeserializer(), new StringDeserializer());
	}

	static void show(Event e) {
		String margin = e.team.equals("TeamA") ? "" : " ".repeat(11); // the score stands under the team that scored
		System.out.println(e.event.equals("finished") ? "Partida finalizada!" : margin + e.score.get("TeamA") + " - " + e.score.get("TeamB"));
	}

	static void crashOnCue(Event e) {
		if (Producer.env("FAIL_AT_ID", "0").equals("" + e.id)) Runtime.getRuntime().halt(137); // as kill -9 does: nothing is closed
	}

	/** The offset after a message. Without it commitSync commits all that the last poll has brought. */
	static Map<TopicPartition, OffsetAndMetadata> after(ConsumerRecord<String, String> msg) {
		return Map.of(new TopicPartition(msg.topic(), msg.partition()), new OffsetAndMetadata(msg.offset() + 1, msg.leaderEpoch(), ""));
	}

	public static void main(String[] args) {
		if (!List.of("at-most-once", "at-least-once", "exactly-once").contains(DELIVERY)) {
			System.err.println("DELIVERY=" + DELIVERY + ": accepted: at-most-once, at-least-once, exactly-once");
			System.exit(2);
		}
		ExactlyOnce transactions = DELIVERY.equals("exactly-once") ? new ExactlyOnce() : null;
		KafkaConsumer<String, String> consumer = consumer(INSTANCE);
		consumer.subscribe(List.of(TOPIC));
		System.out.println("Aguardando eventos...\nTeamA      TeamB");
		for (boolean finished = false; !finished;) {
			for (ConsumerRecord<String, String> msg : consumer.poll(Duration.ofSeconds(1))) {
				Event e = new Gson().fromJson(msg.value(), Event.class);
				switch (DELIVERY) {
					case "at-most-once" -> {
						consumer.commitSync(after(msg));
						crashOnCue(e);
						show(e);
					}
					case "at-least-once" -> {
						show(e);
						crashOnCue(e);
						consumer.commitSync(after(msg));
					}
					default -> transactions.take(msg, e, consumer.groupMetadata());
				}
				finished = e.event.equals("finished");
				if (finished) break;
			}
		}
		consumer.close();
	}
}
