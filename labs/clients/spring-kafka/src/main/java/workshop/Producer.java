package workshop;

import com.google.gson.Gson;
import java.time.Duration;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import org.springframework.beans.BeansException;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.CommandLineRunner;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.kafka.core.KafkaTemplate;

/** Publishes fake transactions by a KafkaTemplate. */
@SpringBootConfiguration
@EnableAutoConfiguration
public class Producer {
	record Transaction(int id_sequencia, String id_usuario, UUID id_transacao, String id_produto, String endereco, String cadastro_em,
			String id_plataforma, String mensagem, long valor_centavos, String moeda, String tipo) {}

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

	public static void main(String[] args) {
		try {
			SpringApplication.run(Producer.class, args).close();
		} catch (IllegalArgumentException | BeansException e) {
			System.err.println("COUNT, PACE: accepted: a whole number, 0 for no end; a duration such as 250ms, 2s, or 0");
			System.exit(2);
		}
	}

	@Bean
	CommandLineRunner send(KafkaTemplate<String, String> template, @Value("${TOPIC:transactions}") String topic,
			@Value("${COUNT:0}") int count, @Value("${PACE:2s}") Duration pace) {
		return args -> {
			for (int n = 1; count == 0 || n <= count; n++) {
				Transaction value = transaction(n);
				var sent = template.send(topic, value.id_usuario(), new Gson().toJson(value)).get().getRecordMetadata(); // an error ends it
				System.out.printf("mensagem enviada para o kafka com id de sequência %d (partição %d, offset %d)%n", n, sent.partition(),
						sent.offset());
				Thread.sleep(pace.toMillis());
			}
		};
	}
}
