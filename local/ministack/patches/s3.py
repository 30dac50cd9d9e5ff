"""S3."""

from ministack.services import s3

from patches.replace import replace


def apply():
    # AWS answers a Range of any version. MiniStack answers a GET with versionId with the whole object: staging reads the first block of
    # the exact version, and read everything.
    replace(s3, "_get_object", _with_range_of_version)


def _with_range_of_version(get_object):
    def get(bucket, key, headers, query_params, *args, **kwargs):
        response = get_object(bucket, key, headers, query_params, *args, **kwargs)
        status, response_headers, body = response
        if status != 200 or not headers.get("range") or "versionId" not in (query_params or {}):
            return response
        parsed = s3._parse_range(headers["range"], len(body))
        if not isinstance(parsed, tuple) or parsed[0] is None:
            return response
        first, last = parsed[0], parsed[1]
        kept = {name: value for name, value in response_headers.items()
                if name.lower() != "content-length" and not name.lower().startswith("x-amz-checksum")}
        return 206, {**kept, "Content-Range": f"bytes {first}-{last}/{len(body)}", "Content-Length": str(last - first + 1)}, body[first:last + 1]

    return get
