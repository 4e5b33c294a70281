"""The official SDKs of 2026 as clients of a loopback provider: whoever wrote them had no part in it.

Started by SDKClientTests with the provider's name, its base URL, a key, and a folder for scratch files. Does what a
user of the SDK does with files (upload, list, retrieve, delete, chat by id, a stream) and prints a line for each step;
any surprise is an exception.
"""

import os
import sys

provider, base_url, key, folder = sys.argv[1:5]
text = b"alpha\nThe code word is heron-42.\n"
path = os.path.join(folder, "notes.txt")
with open(path, "wb") as file:
    file.write(text)


def step(name, is_good):
    print(f"{'ok' if is_good else 'FAIL'} {name}")
    if not is_good:
        sys.exit(1)


def openai():
    from openai import OpenAI, NotFoundError

    client = OpenAI(api_key=key, base_url=base_url, max_retries=0)
    file = client.files.create(
        file=("notes.txt", text, "text/plain"),
        purpose="user_data",
        expires_after={"anchor": "created_at", "seconds": 3600},
    )
    step("upload", file.bytes == len(text) and file.expires_at == file.created_at + 3600)
    step("list", [f.id for f in client.files.list(limit=10, order="asc")] == [file.id])
    step("retrieve", client.files.retrieve(file.id).filename == "notes.txt")
    content = [
        {"type": "input_file", "file_id": file.id},
        {"type": "input_text", "text": "What is the code word?"},
    ]
    question = [{"role": "user", "content": content}]
    answer = client.responses.create(model="echo", input=question, store=False)
    step("chat by id", f":{len(text)}:" in answer.output_text and answer.usage.input_tokens > 0)
    streamed = ""
    kinds = set()
    with client.responses.stream(model="echo", input=question, store=False) as stream:
        for event in stream:
            kinds.add(event.type)
            if event.type == "response.output_text.delta":
                streamed += event.delta
        final = stream.get_final_response()
    step("stream", streamed == answer.output_text == final.output_text and "response.completed" in kinds)
    chat = client.chat.completions.create(model="echo", messages=[{"role": "user", "content": "hello"}])
    step("chat completions", chat.choices[0].message.content == "you said: hello")
    step("delete", client.files.delete(file.id).deleted)
    try:
        client.files.retrieve(file.id)
        step("gone", False)
    except NotFoundError:
        step("gone", True)


def xai():
    from openai import OpenAI, NotFoundError

    # xAI's own Python SDK speaks gRPC; its REST API is meant for OpenAI's.
    client = OpenAI(api_key=key, base_url=base_url, max_retries=0)
    file = client.files.create(file=("notes.txt", text, "text/plain"), purpose="assistants")
    step("upload", file.bytes == len(text))
    step("list", [f.id for f in client.files.list(limit=10, extra_query={"sort_by": "created_at"}).data] == [file.id])
    step("retrieve", client.files.retrieve(file.id).filename == "notes.txt")
    step("content", client.files.content(file.id).read() == text)
    content = [
        {"type": "input_file", "file_id": file.id},
        {"type": "input_text", "text": "What is the code word?"},
    ]
    question = [{"role": "user", "content": content}]
    answer = client.responses.create(model="echo", input=question, store=False)
    step("chat by id", f":{len(text)}:" in answer.output_text)
    streamed = ""
    for event in client.responses.create(model="echo", input=question, store=False, stream=True):
        if event.type == "response.output_text.delta":
            streamed += event.delta
    step("stream", streamed == answer.output_text)
    step("delete", client.files.delete(file.id).deleted)
    try:
        client.files.retrieve(file.id)
        step("gone", False)
    except NotFoundError:
        step("gone", True)


def anthropic():
    from anthropic import Anthropic, NotFoundError

    client = Anthropic(api_key=key, base_url=base_url, max_retries=0)
    file = client.files.upload(file=("notes.txt", text, "text/plain"), expires_in_seconds=3600)
    step("upload", file.size_bytes == len(text) and file.mime_type == "text/plain" and file.expires_at is not None)
    step("list", [f.id for f in client.files.list(limit=10)] == [file.id])
    step("retrieve", client.files.retrieve_metadata(file.id).filename == "notes.txt")
    document = {"type": "document", "source": {"type": "file", "file_id": file.id}, "title": "src/notes.txt"}
    content = [document, {"type": "text", "text": "What is the code word?"}]
    question = [{"role": "user", "content": content}]
    answer = client.messages.create(model="echo", max_tokens=500, messages=question)
    words = "".join(block.text for block in answer.content if block.type == "text")
    step("chat by id", f":{len(text)}:" in words and answer.usage.input_tokens > 0)
    with client.messages.stream(model="echo", max_tokens=500, messages=question) as stream:
        streamed = "".join(stream.text_stream)
        final = stream.get_final_message()
    step("stream", streamed == words and final.stop_reason == "end_turn")
    step("delete", client.files.delete(file.id).id == file.id)
    try:
        client.files.retrieve_metadata(file.id)
        step("gone", False)
    except NotFoundError:
        step("gone", True)


def gemini():
    from google import genai
    from google.genai import errors, types

    options = types.HttpOptions(base_url=base_url, api_version="v1beta")
    client = genai.Client(api_key=key, http_options=options)
    file = client.files.upload(file=path, config={"display_name": "src/notes.txt", "mime_type": "text/plain"})
    step("upload", file.size_bytes == len(text) and file.state.name == "ACTIVE")
    step("list", [f.name for f in client.files.list(config={"page_size": 10})] == [file.name])
    step("retrieve", client.files.get(name=file.name).display_name == "src/notes.txt")
    question = [file, "What is the code word?"]
    answer = client.models.generate_content(model="echo", contents=question)
    step("chat by id", f":{len(text)}:" in answer.text and answer.usage_metadata.prompt_token_count > 0)
    streamed = "".join(chunk.text or "" for chunk in client.models.generate_content_stream(model="echo", contents=question))
    step("stream", streamed == answer.text)
    client.files.delete(name=file.name)
    step("delete", True)
    try:
        client.files.get(name=file.name)
        step("gone", False)
    except errors.ClientError as error:
        step("gone", error.code == 403)


def mistral():
    from mistralai.client import Mistral
    from mistralai.client.errors import MistralError

    pdf = b"%PDF-1.4\n% a page\n"
    client = Mistral(api_key=key, server_url=base_url)
    file = client.files.upload(file={"file_name": "notes.pdf", "content": pdf, "content_type": "application/pdf"}, purpose="ocr")
    step("upload", file.size_bytes == len(pdf))
    step("list", [f.id for f in client.files.list(page=0, page_size=10).data] == [file.id])
    step("retrieve", client.files.retrieve(file_id=file.id).filename == "notes.pdf")
    step("content", client.files.download(file_id=file.id).read() == pdf)
    signed = client.files.get_signed_url(file_id=file.id, expiry=1)
    content = [
        {"type": "document_url", "document_url": signed.url, "document_name": "src/notes.pdf"},
        {"type": "text", "text": "What is the code word?"},
    ]
    question = [{"role": "user", "content": content}]
    answer = client.chat.complete(model="echo", messages=question)
    words = answer.choices[0].message.content
    step("chat by id", f":{len(pdf)}:" in words and answer.usage.prompt_tokens > 0)
    streamed = ""
    for event in client.chat.stream(model="echo", messages=question):
        piece = event.data.choices[0].delta.content if event.data.choices else None
        streamed += piece if isinstance(piece, str) else "".join(c.text for c in piece or [] if c.type == "text")
    step("stream", streamed == words)
    step("delete", client.files.delete(file_id=file.id).deleted)
    try:
        client.files.retrieve(file_id=file.id)
        step("gone", False)
    except MistralError as error:
        step("gone", error.status_code == 404)


{"openai": openai, "xai": xai, "anthropic": anthropic, "gemini": gemini, "mistral": mistral}[provider]()
