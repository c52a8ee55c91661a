//! Publishes fake transactions with rdkafka, which is librdkafka underneath.
use rdkafka::config::ClientConfig;
use rdkafka::producer::{FutureProducer, FutureRecord, Producer};
use serde_json::json;
use std::{env, process, time::Duration};

fn variable(name: &str, otherwise: &str) -> String {
    env::var(name).ok().filter(|value| !value.is_empty()).unwrap_or(otherwise.into())
}

fn one_of<'a>(values: &[&'a str]) -> &'a str {
    values[fastrand::usize(..values.len())]
}

fn transaction(n: u64, user: &str) -> String {
    json!({
        "id_sequencia": n,
        "id_usuario": user,
        "id_transacao": uuid::Uuid::new_v4().to_string(),
        "id_produto": fastrand::u32(10000..100000).to_string(),
        "endereco": format!("Rua {} | Salvador | BR", one_of(&["A", "B", "C"])),
        "cadastro_em": chrono::Local::now().format("%Y-%m-%d %H:%M:%S").to_string(),
        "id_plataforma": one_of(&["Mobile", "Laptop", "Tablet"]),
        "mensagem": format!("transacao feita pelo usuario {user}"),
        "valor_centavos": fastrand::u32(100..500001), // whole: a float does not hold each amount exactly
        "moeda": "BRL",
        "tipo": one_of(&["PIX", "CREDITO", "DEBITO", "BOLETO"]),
    }).to_string()
}

/// A duration such as 250ms, 2s, 1m30s, or 0.
fn duration(text: &str) -> Option<Duration> {
    let (mut total, mut rest) = (Duration::ZERO, if text == "0" { "0s" } else { text });
    while !rest.is_empty() {
        let unit = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let end = rest[unit..].find(|c: char| c.is_ascii_digit()).map_or(rest.len(), |i| unit + i);
        let seconds = match &rest[unit..end] { "h" => 3600.0, "m" => 60.0, "s" => 1.0, "ms" => 0.001, _ => return None };
        total += Duration::try_from_secs_f64(rest[..unit].parse::<f64>().ok()? * seconds).ok()?;
        rest = &rest[end..];
    }
    Some(total)
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let (topic, count, pace) = (variable("TOPIC", "transactions"), variable("COUNT", "0"), variable("PACE", "2s"));
    let (number, pause) = (count.parse::<u64>(), duration(&pace));
    if number.is_err() {
        eprintln!("COUNT={count}: accepted: a whole number, 0 for no end");
    }
    if pause.is_none() {
        eprintln!("PACE={pace}: accepted: a duration such as 250ms, 2s, 1m30s, or 0");
    }
    let (Ok(count), Some(pause)) = (number, pause) else { process::exit(2) };
    let producer: FutureProducer = ClientConfig::new()
        .set("bootstrap.servers", variable("BOOTSTRAP_SERVERS", "localhost:9091,localhost:9092,localhost:9093"))
        .set("enable.idempotence", "true") // brings acks=all, and retries that do not duplicate
        .set("partitioner", "murmur2_random") // Java's; the default, consistent_random, puts a key elsewhere
        .create()
        .expect("the settings are valid");
    while let Err(e) = producer.client().fetch_metadata(Some(&topic), Duration::from_secs(5)) {
        println!("brokers ainda não disponíveis: {e}");
    }
    println!("brokers estão disponíveis e prontos para produzir mensagens");
    for n in (1..).take_while(|n| count == 0 || *n <= count) {
        let user = fastrand::u32(20000..100001).to_string();
        let value = transaction(n, &user);
        match producer.send(FutureRecord::to(&topic).key(&user).payload(&value), Duration::from_secs(60)).await {
            Ok(sent) => {
                let (partition, offset) = (sent.partition, sent.offset);
                println!("mensagem enviada para o kafka com id de sequência {n} (partição {partition}, offset {offset})");
            }
            Err((e, _)) => {
                eprintln!("message not sent: {e}");
                process::exit(1);
            }
        }
        tokio::time::sleep(pause).await;
    }
}
