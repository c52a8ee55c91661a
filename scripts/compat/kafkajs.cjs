// kafkajs for scripts/compat-clients, which says what is asked of a probe.
const { Kafka, CompressionTypes, Partitioners, logLevel } = require('kafkajs')

const [what, broker, topic, group, strategy] = process.argv.slice(2)
const kafka = new Kafka({
  brokers: [broker],
  clientId: 'kafkajs',
  logLevel: what === 'member' ? logLevel.ERROR : logLevel.NOTHING,
  retry: { retries: 3 },
})
const text = (value) => (value === null || value === undefined ? null : value.toString())
const lists = (headers) => Object.entries(headers || {}).flatMap(([k, v]) => [v].flat().map((one) => [k, text(one)]))

async function send(job) {
  const settings = job.transaction ? { transactionalId: job.topic, idempotent: true, maxInFlightRequests: 1 } : {}
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner, ...settings })
  await producer.connect()
  const to = job.transaction ? await producer.transaction() : producer
  const names = { none: 'None', gzip: 'GZIP', snappy: 'Snappy', lz4: 'LZ4', zstd: 'ZSTD' }
  const partitions = []
  const batches = job.records.length > 30 ? job.records.map((r) => [r]) : [job.records]
  try {
    for (const batch of batches) {
      const messages = batch.map(({ key, value, headers }) => ({ key, value,
        headers: headers.reduce((all, [k, v]) => ({ ...all, [k]: [...(all[k] || []), v] }), {}) }))
      const sent = await to.send({ topic: job.topic, compression: CompressionTypes[names[job.codec]], messages })
      partitions.push(...sent.map((s) => s.partition))
    }
    if (job.transaction) await to[job.transaction]()
  } finally {
    await producer.disconnect()
  }
  return { partitions }
}

// It reads no topic without a group.
async function read(job) {
  const consumer = kafka.consumer({
    groupId: `read-${job.topic}-${job.committed}-${process.pid}`,
    readUncommitted: job.committed ? false : undefined,
    retry: { retries: 1 },
  })
  await consumer.connect()
  await consumer.subscribe({ topic: job.topic, fromBeginning: true })
  const records = []
  let timer
  try {
    await new Promise((finished, failed) => {
      timer = setTimeout(finished, 10000)
      consumer.on(consumer.events.CRASH, ({ payload }) => failed(payload.error))
      consumer.run({ eachMessage: async ({ message }) => {
        records.push({ key: text(message.key), value: text(message.value), headers: lists(message.headers) })
        if (text(message.value) === 'end') finished()
      } }).catch(failed)
    })
  } finally {
    clearTimeout(timer)
    await consumer.disconnect()
  }
  return { records }
}

async function member() {
  if (strategy !== '-') throw new Error('not offered')
  const consumer = kafka.consumer({ groupId: group })
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  await consumer.run({ autoCommitInterval: 500, eachMessage: async () => {} })
}

async function answer() {
  for await (const line of require('readline').createInterface({ input: process.stdin })) {
    const job = JSON.parse(line)
    const result = await { send, read }[what](job).catch((e) => ({ error: `${e.name}: ${e.message}` }))
    console.log(JSON.stringify(result))
  }
  process.exit()
}
(what === 'member' ? member : answer)().catch((e) => { console.error(e.message); process.exit(1) })
