package br.com.alura.ecommerce;

import com.google.gson.JsonDeserializationContext;
import com.google.gson.JsonDeserializer;
import com.google.gson.JsonElement;
import com.google.gson.JsonParseException;
import java.lang.reflect.Type;

/** Loads the class that the message's type names, as the course does. */
public class MessageAdapter implements JsonDeserializer<Message<?>> {
	@Override
	public Message<?> deserialize(JsonElement json, Type type, JsonDeserializationContext context) {
		var object = json.getAsJsonObject();
		Message.CorrelationId id = context.deserialize(object.get("correlationId"), Message.CorrelationId.class);
		try {
			Object payload = context.deserialize(object.get("payload"), Class.forName(object.get("type").getAsString()));
			return new Message<>(id, payload);
		} catch (ClassNotFoundException e) {
			throw new JsonParseException(e);
		}
	}
}
