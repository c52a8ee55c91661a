package workshop;

import com.google.gson.Gson;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringSerializer;

/** The board's record and the offset in one transaction, which the screen is not in. */
final class ExactlyOnce {
	record Board(int id, String match, String event, Map<String, Integer> score, Map<String, Integer> tally, Map<String, Long> source) {}

	private static final String BOARD_TOPIC = Producer.env("BOARD_TOPIC", "scoreBoard");
	private static final String ID = Scoreboard.GROUP + "-" + (Scoreboard.INSTANCE.isEmpty() ? "0" : Scoreboard.INSTANCE);

	private final KafkaProducer<String, String> producer = new KafkaProducer<>(
			Map.of("bootstrap.servers", Scoreboard.BROKERS, "transactional.id", ID, "transaction.timeout.ms", 10000),
			new StringSerializer(), new StringSerializer());
	private final Map<String, Map<String, Integer>> tallies = new HashMap<>();
	private int generation = -1;

	ExactlyOnce() {
		producer.initTransactions(); // aborts what a crash of its last life has left open
	}

	/** An error ends the program: to read on would skip a goal. */
	void take(ConsumerRecord<String, String> msg, Scoreboard.Event e, ConsumerGroupMetadata member) {
		if (member.generationId() != generation) readTallies(); // the group has changed: another member may have counted
		generation = member.generationId();
		String match = e.match() == null ? "" : e.match();
		if (e.id() == 1 || !tallies.containsKey(match)) tallies.put(match, new TreeMap<>(Map.of("TeamA", 0, "TeamB", 0)));
		Map<String, Integer> tally = tallies.get(match);
		if (e.event().equals("goal")) tally.merge(e.team(), 1, Integer::sum);
		var board = new Board(e.id(), match, e.event(), e.score(), tally, Map.of("partition", (long) msg.partition(), "offset", msg.offset()));
		producer.beginTransaction();
		producer.send(new ProducerRecord<>(BOARD_TOPIC, msg.partition(), match.isEmpty() ? msg.key() : match, new Gson().toJson(board)));
		producer.sendOffsetsToTransaction(Scoreboard.after(msg), member); // the broker refuses who has lost the partition
		producer.flush(); // so that the crash has something to undo
		Scoreboard.crashOnCue(e);
		producer.commitTransaction();
		Scoreboard.show(e);
	}

	private void readTallies() {
		try (var reader = Scoreboard.consumer("")) { // it joins no group
			var partitions = reader.partitionsFor(BOARD_TOPIC).stream().map(p -> new TopicPartition(BOARD_TOPIC, p.partition())).toList();
			reader.assign(partitions);
			reader.seekToBeginning(partitions);
			Map<TopicPartition, Long> ends = reader.endOffsets(partitions);
			while (partitions.stream().anyMatch(p -> reader.position(p) < ends.get(p))) {
				for (ConsumerRecord<String, String> msg : reader.poll(Duration.ofSeconds(1))) {
					Board board = new Gson().fromJson(msg.value(), Board.class);
					tallies.put(board.match, board.tally);
				}
			}
		}
	}
}
