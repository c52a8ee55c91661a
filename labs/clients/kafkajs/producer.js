// Publishes fake transactions with kafkajs.
import { randomInt, randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import kafkajs from 'kafkajs'

const { BOOTSTRAP_SERVERS, TOPIC, COUNT, PACE } = process.env
const brokers = (BOOTSTRAP_SERVERS || 'localhost:9091,localhost:9092,localhost:9093').split(',')
const topic = TOPIC || 'transactions'
const units = { h: 3600e3, m: 60e3, s: 1e3, ms: 1 }
const pick = (...values) => values[randomInt(values.length)]

function transaction(n) {
  const user = String(randomInt(20000, 100001))
  return {
    id_sequencia: n,
    id_usuario: user,
    id_transacao: randomUUID(),
    id_produto: String(randomInt(10000, 100000)),
    endereco: `Rua ${pick('A', 'B', 'C')} | Salvador | BR`,
    cadastro_em: new Date().toISOString().slice(0, 19).replace('T', ' '),
    id_plataforma: pick('Mobile', 'Laptop', 'Tablet'),
    mensagem: `transacao feita pelo usuario ${user}`,
    valor_centavos: randomInt(100, 500001), // whole cents: 0.1 + 0.2 is not 0.3
    moeda: 'BRL',
    tipo: pick('PIX', 'CREDITO', 'DEBITO', 'BOLETO'),
  }
}

const [count, pace] = [COUNT || '0', PACE || '2s']
const wrong = []
if (!/^\d+$/.test(count)) wrong.push(`COUNT=${count}: accepted: a whole number, 0 for no end`)
if (!/^(0|(\d+(\.\d+)?(h|ms|m|s))+)$/.test(pace)) wrong.push(`PACE=${pace}: accepted: a duration such as 250ms, 2s, 1m30s, or 0`)
if (wrong.length > 0) {
  console.error(wrong.join('\n'))
  process.exit(2)
}
const pause = [...pace.matchAll(/([\d.]+)(ms|[hms])/g)].reduce((sum, [, n, unit]) => sum + n * units[unit], 0)

const kafka = new kafkajs.Kafka({ clientId: 'kafkajs-producer', brokers, logLevel: kafkajs.logLevel.ERROR })
// DefaultPartitioner puts a key where Java does; kafkajs 1 did not. Idempotence brings acks=all.
const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1, createPartitioner: kafkajs.Partitioners.DefaultPartitioner })
for (let there = false; !there; ) {
  try {
    await producer.connect()
    there = true
  } catch (e) {
    console.log(`brokers ainda não disponíveis: ${e.message}`)
    await sleep(1000)
  }
}
console.log('brokers estão disponíveis e prontos para produzir mensagens')
let stopped = false
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => { stopped = true })
for (let n = 1; !stopped && (count === '0' || n <= Number(count)); n++) {
  const value = transaction(n)
  const [sent] = await producer.send({ topic, messages: [{ key: value.id_usuario, value: JSON.stringify(value) }] })
  console.log(`mensagem enviada para o kafka com id de sequência ${n} (partição ${sent.partition}, offset ${sent.baseOffset})`)
  await sleep(pause)
}
await producer.disconnect()
