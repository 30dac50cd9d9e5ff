package local;

import com.amazonaws.services.dynamodbv2.model.AttributeValue;
import java.lang.reflect.Field;
import java.util.Map;
import org.apache.hadoop.dynamodb.key.DynamoDBKey;
import org.apache.hadoop.hive.dynamodb.type.HiveDynamoDBType;
import org.apache.hadoop.hive.dynamodb.type.HiveDynamoDBTypeFactory;
import org.apache.hadoop.hive.serde2.objectinspector.ObjectInspector;
import org.apache.hadoop.hive.serde2.objectinspector.primitive.BooleanObjectInspector;

/** Hive's BOOLEAN as DynamoDB's BOOL: the connectors of EMR 7 know it, version 4.5.0 does not. */
public final class BooleanType implements HiveDynamoDBType {
    static void register() throws ReflectiveOperationException {
        Field types = HiveDynamoDBTypeFactory.class.getDeclaredField("HIVE_TYPE_MAP");
        types.setAccessible(true);
        @SuppressWarnings("unchecked")
        Map<String, HiveDynamoDBType> typesByName = (Map<String, HiveDynamoDBType>) types.get(null);
        typesByName.put("boolean", new BooleanType());
    }

    @Override
    public AttributeValue getDynamoDBData(Object data, ObjectInspector inspector) {
        return new AttributeValue().withBOOL(((BooleanObjectInspector) inspector).get(data));
    }

    @Override
    public Object getHiveData(AttributeValue value, String hiveType) {
        return value.getBOOL();
    }

    @Override
    public AttributeValue getAttributeValue(String... values) {
        return new AttributeValue().withBOOL(Boolean.valueOf(values[0]));
    }

    @Override
    public String getDynamoDBType() {
        return "BOOL";
    }

    @Override
    public DynamoDBKey getKey(String key) {
        throw new UnsupportedOperationException("a key of DynamoDB cannot be a BOOL");
    }
}
