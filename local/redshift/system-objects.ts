// What Redshift has in its catalogue and PostgreSQL has not.

export const STAND_IN_SCHEMA = 'redshift_stand_in';

export const SYSTEM_OBJECTS = `
CREATE SCHEMA ${STAND_IN_SCHEMA};
GRANT USAGE ON SCHEMA ${STAND_IN_SCHEMA} TO PUBLIC;

CREATE FUNCTION ${STAND_IN_SCHEMA}.getdate() RETURNS timestamp LANGUAGE sql STABLE
  AS $$ SELECT date_trunc('second', statement_timestamp() AT TIME ZONE 'UTC') $$;
CREATE FUNCTION ${STAND_IN_SCHEMA}.dateadd(part text, amount bigint, moment timestamp) RETURNS timestamp LANGUAGE sql IMMUTABLE
  AS $$ SELECT moment + amount * ('1 ' || part)::interval $$;

-- texts that differ in spaces at their end are equal: https://docs.aws.amazon.com/redshift/latest/dg/r_NULLIF_function.html
CREATE FUNCTION ${STAND_IN_SCHEMA}.null_if(a text, b text) RETURNS text LANGUAGE sql IMMUTABLE
  AS $$ SELECT CASE WHEN rtrim(a, ' ') = rtrim(b, ' ') THEN NULL ELSE a END $$;
CREATE FUNCTION ${STAND_IN_SCHEMA}.null_if(a anycompatible, b anycompatible) RETURNS anycompatible LANGUAGE sql IMMUTABLE
  AS $$ SELECT CASE WHEN a = b THEN NULL ELSE a END $$;

CREATE SEQUENCE ${STAND_IN_SCHEMA}.query_id START 1000;
CREATE TABLE ${STAND_IN_SCHEMA}.load_errors (
  query_id bigint, start_time timestamp, file_name varchar(256), line_number bigint, column_name varchar(127), error_code int, error_message varchar(512));
CREATE VIEW public.sys_load_error_detail AS
  SELECT query_id, start_time, file_name, line_number, column_name, error_code, error_message FROM ${STAND_IN_SCHEMA}.load_errors;
GRANT SELECT ON public.sys_load_error_detail TO PUBLIC;
`;
