import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.*;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.*;
import org.apache.kafka.clients.producer.*;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.serialization.*;

/** kafka-clients for scripts/compat-clients, which says what is asked of a probe. */
public final class Probe {
	record Message(String key, String value, List<List<String>> headers) {}

	record Job(String topic, String codec, String transaction, boolean committed, List<Message> records) {}

	static final Map<String, String> STRATEGIES = Map.of("range", "RangeAssignor", "roundrobin", "RoundRobinAssignor",
			"sticky", "StickyAssignor", "cooperative-sticky", "CooperativeStickyAssignor");
	static String broker;

	static byte[] octets(String s) {
		return s == null ? null : s.getBytes(StandardCharsets.UTF_8);
	}

	static String text(byte[] b) {
		return b == null ? null : new String(b, StandardCharsets.UTF_8);
	}

	static Map<String, Object> send(Job job) throws Exception {
		var settings = new HashMap<String, Object>(Map.of("bootstrap.servers", broker, "compression.type", job.codec, "linger.ms", 50));
		if (job.transaction != null) settings.put("transactional.id", job.topic);
		try (var producer = new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer())) {
			if (job.transaction != null) {
				producer.initTransactions();
				producer.beginTransaction();
			}
			List<Future<RecordMetadata>> sent = new ArrayList<>();
			for (Message m : job.records) {
				List<Header> headers = new ArrayList<>();
				for (List<String> h : m.headers) headers.add(new RecordHeader(h.get(0), octets(h.get(1))));
				sent.add(producer.send(new ProducerRecord<>(job.topic, null, octets(m.key), octets(m.value), headers)));
			}
			producer.flush();
			List<Integer> partitions = new ArrayList<>();
			for (var future : sent) partitions.add(future.get(60, TimeUnit.SECONDS).partition());
			if ("commit".equals(job.transaction)) producer.commitTransaction();
			if ("abort".equals(job.transaction)) producer.abortTransaction();
			return Map.of("partitions", partitions);
		}
	}

	static Map<String, Object> read(Job job) {
		var settings = new HashMap<String, Object>(Map.of("bootstrap.servers", broker, "auto.offset.reset", "earliest"));
		if (job.committed) settings.put("isolation.level", "read_committed");
		try (var consumer = new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
			consumer.assign(List.of(new TopicPartition(job.topic, 0)));
			List<Message> records = new ArrayList<>();
			for (long until = System.nanoTime() + 8_000_000_000L; System.nanoTime() < until;) {
				for (var m : consumer.poll(Duration.ofMillis(500))) {
					List<List<String>> headers = new ArrayList<>();
					for (Header h : m.headers()) headers.add(Arrays.asList(h.key(), text(h.value())));
					records.add(new Message(text(m.key()), text(m.value()), headers));
					if ("end".equals(text(m.value()))) return Map.of("records", records);
				}
			}
			return Map.of("records", records);
		}
	}

	static void member(String topic, String group, String strategy) {
		var settings = new HashMap<String, Object>(Map.of("bootstrap.servers", broker, "group.id", group, "client.id", "kafka-clients",
				"auto.offset.reset", "earliest", "auto.commit.interval.ms", 500));
		if (!strategy.equals("-"))
			settings.put("partition.assignment.strategy", "org.apache.kafka.clients.consumer." + STRATEGIES.get(strategy));
		var consumer = new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer());
		consumer.subscribe(List.of(topic));
		while (true) consumer.poll(Duration.ofSeconds(1));
	}

	public static void main(String[] args) {
		broker = args[1];
		if (args[0].equals("member")) member(args[2], args[3], args[4]);
		Gson gson = new GsonBuilder().serializeNulls().create();
		for (Scanner in = new Scanner(System.in); in.hasNextLine();) {
			Job job = gson.fromJson(in.nextLine(), Job.class);
			Map<String, Object> result;
			try {
				result = args[0].equals("send") ? send(job) : read(job);
			} catch (Exception e) {
				result = Map.of("error", e.toString());
			}
			System.out.println(gson.toJson(result));
		}
	}
}
