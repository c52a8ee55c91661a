// The scoreboard with kafkajs: DELIVERY says where an offset is committed.
import kafkajs from 'kafkajs'

const { BOOTSTRAP_SERVERS, TOPIC, BOARD_TOPIC, CONSUMER_GROUP, DELIVERY, FAIL_AT_ID } = process.env
const brokers = (BOOTSTRAP_SERVERS || 'localhost:9091,localhost:9092,localhost:9093').split(',')
const topic = TOPIC || 'scoreGame'
const groupId = CONSUMER_GROUP || 'group1'
const delivery = DELIVERY || 'at-least-once'
if (!['at-most-once', 'at-least-once', 'exactly-once'].includes(delivery)) {
  console.error(`DELIVERY=${delivery}: accepted: at-most-once, at-least-once, exactly-once`)
  process.exit(2)
}
const kafka = new kafkajs.Kafka({ clientId: 'kafkajs-scoreboard', brokers, logLevel: kafkajs.logLevel.ERROR })
const consumer = kafka.consumer({ groupId, sessionTimeout: 6000, rebalanceTimeout: 10000 }) // it reads read_committed
const admin = kafka.admin()
const producer = kafka.producer({
  transactionalId: `${groupId}-0`, // it has no static members, whose names could tell several boards apart
  transactionTimeout: 10000,
  idempotent: true,
  maxInFlightRequests: 1,
  createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
})
let tallies // by partition; undefined where the group has changed: another member may have counted
consumer.on(consumer.events.GROUP_JOIN, () => { tallies = undefined })

function show(event) {
  const margin = event.team === 'TeamA' ? '' : ' '.repeat(11) // the score stands under the team that scored
  console.log(event.event === 'finished' ? 'Partida finalizada!' : `${margin}${event.score.TeamA} - ${event.score.TeamB}`)
}

function crashOnCue(event) {
  if (String(event.id) === FAIL_AT_ID) process.exit(137) // as kill -9 does: nothing is closed
}

// The board's record and the offset in one transaction, which the screen is not in. kafkajs reads no topic without a group:
// so the tally of the match that goes on is kept in the offset's metadata, and not read from BOARD_TOPIC.
async function exactlyOnce(event, partition, message, offset) {
  tallies ??= new Map((await admin.fetchOffsets({ groupId, topics: [topic] }))[0].partitions.map((p) => [p.partition, p.metadata]))
  const tally = event.id === 1 || !tallies.get(partition) ? { TeamA: 0, TeamB: 0 } : JSON.parse(tallies.get(partition))
  if (event.event === 'goal') tally[event.team]++
  const { id, match = '', score } = event
  const record = { id, match, event: event.event, score, tally, source: { partition, offset: Number(message.offset) } }
  tallies.set(partition, JSON.stringify(tally))
  const transaction = await producer.transaction()
  await transaction.send({
    topic: BOARD_TOPIC || 'scoreBoard',
    messages: [{ partition, key: match || message.key, value: JSON.stringify(record) }],
  })
  const committed = { partition, offset, metadata: tallies.get(partition) }
  // It names no member: the broker takes it also from one who has lost the partition.
  await transaction.sendOffsets({ consumerGroupId: groupId, topics: [{ topic, partitions: [committed] }] })
  crashOnCue(event)
  await transaction.commit()
  show(event)
}

await Promise.all([consumer.connect(), admin.connect(), delivery === 'exactly-once' && producer.connect()]) // aborts what a crash left open
console.log('Aguardando eventos...\nTeamA      TeamB')
await consumer.subscribe({ topic, fromBeginning: true }) // where the group has no offset yet
await new Promise((finished, failed) => {
  consumer.on(consumer.events.CRASH, ({ payload }) => failed(payload.error))
  const eachMessage = async ({ partition, message }) => {
    const event = JSON.parse(message.value)
    const offset = String(BigInt(message.offset) + 1n)
    const commit = () => consumer.commitOffsets([{ topic, partition, offset }])
    if (delivery === 'at-most-once') {
      await commit()
      crashOnCue(event)
      show(event)
    } else if (delivery === 'at-least-once') {
      show(event)
      crashOnCue(event)
      await commit()
    } else await exactlyOnce(event, partition, message, offset).catch(failed) // to read on would skip a goal
    if (event.event === 'finished') finished()
  }
  consumer.run({ autoCommit: false, eachMessage }).catch(failed)
})
await Promise.all([consumer.disconnect(), admin.disconnect(), producer.disconnect()])
