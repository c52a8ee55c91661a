package br.com.alura.ecommerce;

public record Message<T>(CorrelationId id, T payload) {
	public record CorrelationId(String id) {}
}
