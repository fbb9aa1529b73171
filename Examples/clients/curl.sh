#!/usr/bin/env bash
# curl: the ways to send pictures and texts. usage: CLIP_URL=http://127.0.0.1:9001 ./curl.sh
set -euo pipefail
url=${CLIP_URL:-http://127.0.0.1:9001}
cd "$(dirname "$0")/../pictures"
json='Content-Type: application/json'
show() { cut -c 1-160 | sed 's/$/.../'; } # embeddings are long

echo "A picture as the body:"
curl -fsS "$url/clip/embed_image" --data-binary @koala.jpg -H 'Content-Type: image/jpeg' | show

echo "Two pictures as a form, at length one:"
curl -fsS "$url/clip/embed_image" -F image=@koala.jpg -F image=@chair.jpg -F normalize=true | show

echo "Texts:"
curl -fsS "$url/clip/embed_text" -H "$json" -d '{"text": ["a koala", "의자"], "normalize": true}' | show

echo "The same in OpenAI's form, as 32-bit floats in base64:"
curl -fsS "$url/v1/embeddings" -H "$json" -d '{"input": ["a koala", "의자"], "encoding_format": "base64"}' | show

echo "Which word fits the picture:"
printf '{"subject": {"type": "base64", "value": "%s"}, "prompt": ["a koala", "a truck", "의자"]}' \
    "$(base64 < koala.jpg | tr -d '\n')" | curl -fsS "$url/clip/compare" -H "$json" -d @-
echo

echo "How probable each of three labels is:"
printf '{"image": {"type": "base64", "value": "%s"}, "labels": ["koala", "truck", "의자"]}' \
    "$(base64 < koala.jpg | tr -d '\n')" | curl -fsS "$url/classify" -H "$json" -d @-
echo
