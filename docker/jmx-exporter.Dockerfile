# What a broker tells by JMX, as metrics for Prometheus: the JMX exporter on the brokers' own image, which has Java.
# docker build -f docker/jmx-exporter.Dockerfile -t kafka-workshop/jmx-exporter:dev docker
ARG CONFLUENT_PLATFORM_VERSION=7.9.10

FROM scratch AS jar
# An address, or, where GitHub is out of reach, the name of a file in docker/.
ARG JMX_EXPORTER_VERSION=1.6.0
ARG JMX_EXPORTER_JAR=https://github.com/prometheus/jmx_exporter/releases/download/${JMX_EXPORTER_VERSION}/jmx_prometheus_standalone-${JMX_EXPORTER_VERSION}.jar
ADD ${JMX_EXPORTER_JAR} /jmx-exporter.jar

FROM confluentinc/cp-kafka:${CONFLUENT_PLATFORM_VERSION}
# What is fetched by its address belongs to root alone; ADD itself heeds --chmod for files only, in older engines.
COPY --from=jar --chmod=644 /jmx-exporter.jar /opt/jmx-exporter.jar
