/* What AWS_LAMBDA_EXEC_WRAPPER names: Lambda starts it with the interpreter's command line as its arguments
 * (https://docs.aws.amazon.com/lambda/latest/dg/runtimes-modify.html). It answers plain predictions itself, and has
 * Python answer the rest (child.h).
 *
 * Where anything at the start isn't as the template has it, the interpreter is executed in its place, as if this
 * program had never been there. */
#include "answer.h"
#include "child.h"
#include "runtime_api.h"
#include "system.h"

enum { IGNORE = 1, BROKEN_PIPE = 13 };

static char **environment;

/* A variable's value; at is null without it. */
static struct span variable(const char *name) {
    const struct span wanted = span_of(name);
    for (char **one = environment; *one; one++) {
        const struct span text = span_of(*one);
        if (text.size > wanted.size && text.at[wanted.size] == '=' && same((struct span){text.at, wanted.size}, wanted))
            return (struct span){text.at + wanted.size + 1, text.size - wanted.size - 1};
    }
    return (struct span){NULL, 0};
}

static int is_plain(struct span text) { /* needs no escape in JSON */
    for (size_t i = 0; i < text.size; i++)
        if (text.at[i] < 0x20 || text.at[i] > 0x7e || text.at[i] == '"' || text.at[i] == '\\') return 0;
    return 1;
}

/* Settings under which Python would do something else than this program. */
static int is_unusual(void) {
    static const char *const others[] = {
        "SKYLAYER_MODEL", "SKYLAYER_KERNEL", "SKYLAYER_MAX_BODY_BYTES", "SKYLAYER_MAX_ROWS", "SKYLAYER_MAX_SECONDS",
        "AWS_LAMBDA_MAX_CONCURRENCY", NULL};
    const struct span store = variable("SKYLAYER_STORE");
    for (const char *const *one = others; *one; one++)
        if (variable(*one).size) return 1;
    return same(variable("SKYLAYER_FAST_START"), SPAN("off")) || (store.size && !same(store, SPAN("layer")))
           || same(variable("AWS_LAMBDA_INITIALIZATION_TYPE"), SPAN("snap-start"))
           || !same_letters(variable("AWS_LAMBDA_LOG_FORMAT"), SPAN("json"))
           || !same(variable("_HANDLER"), SPAN("app.lambda_handler"));
}

static int settings_of(struct settings *settings) {
    const struct span level = variable("SKYLAYER_LOG_LEVEL"), function = variable("AWS_LAMBDA_FUNCTION_NAME");
    settings->origin = variable("SKYLAYER_CORS_ORIGIN");
    settings->function = function.at ? function : SPAN("local");
    settings->logs = !same_letters(level, SPAN("warn")) && !same_letters(level, SPAN("error"));
    settings->measures = same(variable("SKYLAYER_METRICS"), SPAN("on"));
    return is_plain(settings->origin) && is_plain(settings->function);
}

/* Whether the function's folder has what Python would take instead of the layers', and the handler that we know. */
static int is_its_function(const struct model *model) {
    static const char *const before[] = {"/serving", "/model_artifact", NULL};
    const struct span folder = variable("LAMBDA_TASK_ROOT");
    char path[4096];
    if (!folder.size || folder.size > sizeof path - 32) return 0;
    for (size_t i = 0; i < folder.size; i++) path[i] = (char)folder.at[i];
    char *behind = path + folder.size;
    for (const char *const *one = before; *one; one++) {
        const struct span name = span_of(*one);
        for (size_t i = 0; i <= name.size; i++) behind[i] = (*one)[i];
        if (exists(path)) return 0;
    }
    const char handler[] = "/app.py";
    for (size_t i = 0; i < sizeof handler; i++) behind[i] = handler[i];
    return is_handler(model, path);
}

/* Where the layers lie: above the folder of this program. */
static struct span layers(void) {
    static char path[4096];
    const long size = system_call(READLINKAT, -100, (long)"/proc/self/exe", (long)path, sizeof path, 0, 0);
    size_t end = size > 0 ? (size_t)size : 0;
    for (int up = 0; up < 2; up++) {
        while (end && path[end - 1] != '/') end--;
        if (end) end--;
    }
    return (struct span){(const uint8_t *)path, end};
}

static int prepare(struct answerer *a, struct runtime *runtime) {
    runtime->connection.socket = -1;
    if (is_unusual() || !settings_of(&a->settings)) return 0;
    runtime->host = variable("AWS_LAMBDA_RUNTIME_API");
    if (!parse_address(runtime->host, &runtime->address)) return 0;
    if (!open_model(&a->model, layers()) || !is_its_function(&a->model)) return 0;
    prepare_answers(a);
    return connect_to(&runtime->connection, &runtime->address);
}

/* Whether an invocation is one of an event in JSON, without a context that must be parsed. */
static int is_usual(const struct message *invocation, struct span id) {
    return id.size > 0 && id.size <= 128 && is_plain(id)
           && same(header_value(invocation, "content-type"), SPAN("application/json"))
           && !header_value(invocation, "lambda-runtime-client-context").size
           && !header_value(invocation, "lambda-runtime-cognito-identity").size;
}

static void serve(struct answerer *a, struct runtime *runtime, struct child *child) {
    static struct buffer payload, line;
    struct message invocation;
    while (next_invocation(runtime, &invocation)) {
        const struct invocation name = name_of(&invocation);
        release_large(&payload);
        release_large(&line);
        if (is_usual(&invocation, name.id) && answer(a, name.id, invocation.body, &payload, &line)) {
            write_all(1, line.at, line.size);
            if (!send_response(runtime, name, (struct span){payload.at, payload.size})) return;
        } else {
            const int counted = !a->cold;
            a->cold = 0;
            if (!pass_on(child, runtime, &invocation, counted)) return;
        }
    }
}

int main(int count, char **arguments, char **given) {
    static struct answerer a;
    static struct runtime runtime;
    static struct child child;
    environment = given;
    if (count < 2) {
        say("usage: start-<architecture> INTERPRETER ARGUMENT... (AWS_LAMBDA_EXEC_WRAPPER names this program)\n");
        return 2;
    }
    if (prepare(&a, &runtime)) {
        const long ignore[4] = {IGNORE};
        system_call(SIGACTION, BROKEN_PIPE, (long)ignore, 0, 8, 0, 0);
        child = (struct child){arguments + 1, given, 0, -1, 0, {{0}}};
        for (int k = 0; k < MOST_CONNECTIONS; k++) child.connections[k].socket = -1;
        serve(&a, &runtime, &child);
        say("fast start: the Runtime API can't be reached\n");
        return 1;
    }
    close_connection(&runtime.connection);
    system_call(EXECVE, (long)arguments[1], (long)(arguments + 1), (long)given, 0, 0, 0);
    say("fast start: the interpreter can't be started\n");
    return 127;
}
