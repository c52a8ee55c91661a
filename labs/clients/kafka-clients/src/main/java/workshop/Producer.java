package workshop;

import com.google.gson.Gson;
import java.time.Duration;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringSerializer;

/** Publishes fake transactions with Kafka's own Java client. It is idempotent and waits for all replicas by default. */
public final class Producer {
	record Transaction(int id_sequencia, String id_usuario, UUID id_transacao, String id_produto, String endereco, String cadastro_em,
			String id_plataforma, String mensagem, long valor_centavos, String moeda, String tipo) {}

	static String env(String name, String otherwise) {
		String value = System.getenv(name);
		return value == null || value.isEmpty() ? otherwise : value;
	}

	static String oneOf(String... values) {
		return values[ThreadLocalRandom.current().nextInt(values.length)];
	}

	static Transaction transaction(int n) {
		ThreadLocalRandom random = ThreadLocalRandom.current();
		int user = random.nextInt(20000, 100001);
		return new Transaction(n, "" + user, UUID.randomUUID(), "" + random.nextInt(10000, 100000),
				"Rua " + oneOf("A", "B", "C") + " | Salvador | BR",
				LocalDateTime.now().format(DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss")), oneOf("Mobile", "Laptop", "Tablet"),
				"transacao feita pelo usuario " + user, random.nextLong(100, 500001), "BRL", oneOf("PIX", "CREDITO", "DEBITO", "BOLETO"));
	}

	public static void main(String[] args) throws InterruptedException {
		String topic = env("TOPIC", "transactions"), count = env("COUNT", "0"), pace = env("PACE", "2s");
		StringBuilder wrong = new StringBuilder();
		if (!count.matches("\\d{1,9}")) wrong.append("COUNT=" + count + ": accepted: a whole number, 0 for no end\n");
		if (!pace.matches("0|\\d+ms|(\\d+h)?(\\d+m)?(\\d+(\\.\\d+)?s)?"))
			wrong.append("PACE=" + pace + ": accepted: a duration such as 250ms, 2s, 1m30s, or 0\n");
		System.err.print(wrong);
		if (!wrong.isEmpty()) System.exit(2);
		Duration pause = pace.equals("0") ? Duration.ZERO : pace.endsWith("ms") ? Duration.ofMillis(Long.parseLong(pace.replace("ms", "")))
				: Duration.parse("PT" + pace);

		Map<String, Object> brokers = Map.of("bootstrap.servers", env("BOOTSTRAP_SERVERS", "localhost:9091,localhost:9092,localhost:9093"),
				"default.api.timeout.ms", 5000, "request.timeout.ms", 5000);
		for (boolean there = false; !there;) {
			try (Admin admin = Admin.create(brokers)) {
				there = !admin.describeTopics(List.of(topic)).allTopicNames().get().isEmpty();
			} catch (ExecutionException e) {
				System.out.println("brokers ainda não disponíveis: " + e.getCause().getMessage());
				Thread.sleep(1000);
			}
		}
		System.out.println("brokers estão disponíveis e prontos para produzir mensagens");
		AtomicInteger failed = new AtomicInteger();
		Map<String, Object> settings = Map.of("bootstrap.servers", brokers.get("bootstrap.servers"));
		try (var producer = new KafkaProducer<>(settings, new StringSerializer(), new StringSerializer())) { // its close waits for answers
			for (int n = 1, last = Integer.parseInt(count); last == 0 || n <= last; n++) {
				Transaction value = transaction(n);
				producer.send(new ProducerRecord<>(topic, value.id_usuario(), new Gson().toJson(value)), (sent, error) -> {
					if (error != null) System.err.println("message not sent: " + error + " (" + failed.incrementAndGet() + ")");
					else System.out.printf("mensagem enviada para o kafka com id de sequência %d (partição %d, offset %d)%n",
							value.id_sequencia(), sent.partition(), sent.offset());
				});
				Thread.sleep(pause.toMillis());
			}
		}
		System.exit(failed.get() > 0 ? 1 : 0);
	}
}
