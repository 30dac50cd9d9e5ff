package org.apache.hadoop.hive.ql.exec;

import java.util.ArrayList;
import java.util.List;
import org.apache.hive.com.esotericsoftware.kryo.Kryo;
import org.apache.hive.com.esotericsoftware.kryo.Serializer;
import org.apache.hive.com.esotericsoftware.kryo.io.Input;
import org.apache.hive.com.esotericsoftware.kryo.io.Output;

/** Of this class only the nested one is put into the jar, in place of Hive's own, which reads fields that ArrayList.SubList of Java 8 had. */
public class SerializationUtilities {
    static class ArrayListSubListSerializer extends Serializer<List<?>> {
        public ArrayListSubListSerializer() {
        }

        @Override
        public void write(Kryo kryo, Output output, List<?> list) {
            output.writeInt(list.size(), true);
            for (Object element : list) {
                kryo.writeClassAndObject(output, element);
            }
        }

        @Override
        public List<?> read(Kryo kryo, Input input, Class<List<?>> type) {
            List<Object> list = new ArrayList<>();
            kryo.reference(list);
            for (int left = input.readInt(true); left > 0; left--) {
                list.add(kryo.readClassAndObject(input));
            }
            return list;
        }

        @Override
        public List<?> copy(Kryo kryo, List<?> original) {
            List<Object> list = new ArrayList<>();
            kryo.reference(list);
            for (Object element : original) {
                list.add(kryo.copy(element));
            }
            return list;
        }
    }
}
