/* The limit of what any runtime can reach: asks the Runtime API and answers a constant, with our client of it. */
#include "runtime_api.h"
#include "system.h"

int main(int count, char **arguments, char **environment) {
    static struct runtime runtime = {.connection = {.socket = -1}};
    const struct span name = SPAN("AWS_LAMBDA_RUNTIME_API=");
    struct message invocation;
    (void)count, (void)arguments;
    for (char **one = environment; *one; one++) {
        const struct span text = span_of(*one);
        if (text.size > name.size && same((struct span){text.at, name.size}, name))
            runtime.host = (struct span){text.at + name.size, text.size - name.size};
    }
    if (!parse_address(runtime.host, &runtime.address)) return 2;
    while (next_invocation(&runtime, &invocation))
        if (!send_response(&runtime, name_of(&invocation),
                           SPAN("{\"statusCode\": 200, \"body\": \"{\\\"predictions\\\": [0]}\"}"))) break;
    return 1;
}
