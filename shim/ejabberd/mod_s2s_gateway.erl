%% mod_s2s_gateway: every server-to-server stream goes through one dna-gateway on this machine
%% (its link kind "external").
%%
%% Outgoing streams are led to the gateway instead of being looked up in DNS.  On both kinds of
%% streams gateway and server prove to each other, for each pair of domains, that they know one
%% secret; whoever does not is not believed, whatever his address.  mod_s2s_dialback is not
%% needed and must not be there: without it and without TLS nobody else is let in.
%%
%%     s2s_use_starttls: false
%%     modules:
%%       mod_s2s_gateway:
%%         gateway_ip: 127.0.2.1
%%         gateway_port: 5269
%%         secret_file: /etc/ejabberd/s2s-gateway.secret
%%
%% xmpp_stream_out asks ejabberd_s2s_out where to connect, if that exports resolve/2.  It does
%% not, so the module adds it at run time, from the code that the beam file keeps.  EXTERNAL
%% without TLS is not possible in ejabberd; hence db:result carries the proof.
-module(mod_s2s_gateway).
-behaviour(gen_mod).

-include_lib("kernel/include/file.hrl").
-include_lib("kernel/include/logger.hrl").

-export([start/2, stop/1, reload/3, depends/2, mod_options/1, mod_opt_type/1, mod_doc/0]).
-export([in_features/2, in_packet/2, out_unauthenticated/2, out_packet/2, resolve/2]).

%% As in xmpp_codec.hrl; check_record/0 makes sure of it.
-record(db_result, {from, to, type, key = <<>>, sub_els = []}).
-record(db_feature, {errors = false}).

-define(NONCE_TEXT, 32).

start(Host, Opts) ->
    try
        check_dialback(Host),
        check_record(),
        ok = remember(Host, Opts),
        add_resolve(),
        hooks(add, Host)
    catch
        throw:Why ->
            ?LOG_ERROR("mod_s2s_gateway: ~ts", [Why]),
            {error, mod_s2s_gateway}
    end.

stop(Host) ->
    hooks(delete, Host),
    _ = persistent_term:erase({?MODULE, Host}),
    ok.

reload(Host, Opts, _) ->
    try remember(Host, Opts)
    catch
        throw:Why -> ?LOG_ERROR("mod_s2s_gateway: what was there stays: ~ts", [Why])
    end.

depends(_, _) ->
    [].

mod_opt_type(gateway_ip) -> econf:ip();
mod_opt_type(gateway_port) -> econf:port();
mod_opt_type(secret_file) -> econf:file().

mod_options(_) ->
    [{gateway_ip, {127, 0, 0, 1}}, {gateway_port, 5269}, {secret_file, <<>>}].

mod_doc() ->
    #{}.

hooks(Do, Host) ->
    [ejabberd_hooks:Do(Hook, Host, ?MODULE, Function, 10)
     || {Hook, Function} <- [{s2s_in_pre_auth_features, in_features},
                             {s2s_in_post_auth_features, in_features},
                             {s2s_in_unauthenticated_packet, in_packet},
                             {s2s_in_authenticated_packet, in_packet},
                             {s2s_out_auth_result, out_unauthenticated},
                             {s2s_out_downgraded, out_unauthenticated},
                             {s2s_out_packet, out_packet}]],
    ok.

%% --- starting ---------------------------------------------------------------------------

%% Both at once would let in whoever is dialled back.
check_dialback(Host) ->
    case gen_mod:is_loaded(Host, mod_s2s_dialback) of
        true -> throw("remove mod_s2s_dialback: the gateway takes its place");
        false -> ok
    end.

check_record() ->
    Element = {xmlel, <<"db:result">>,
               [{<<"xmlns">>, <<"jabber:server">>},
                {<<"xmlns:db">>, <<"jabber:server:dialback">>},
                {<<"from">>, <<"a.example">>}, {<<"to">>, <<"b.example">>}],
               [{xmlcdata, <<"k">>}]},
    case catch xmpp:decode(Element) of
        #db_result{from = <<"a.example">>, to = <<"b.example">>, key = <<"k">>,
                   type = undefined} -> ok;
        _ -> throw("this ejabberd keeps db:result in another form")
    end.

remember(Host, Opts) ->
    Secret = read_secret(gen_mod:get_opt(secret_file, Opts)),
    persistent_term:put({?MODULE, Host},
                        #{ip => gen_mod:get_opt(gateway_ip, Opts),
                          port => gen_mod:get_opt(gateway_port, Opts),
                          secret => Secret}).

%% The file's only line.  Others must not have access to it.
read_secret(<<>>) ->
    throw("secret_file is not set");
read_secret(File) ->
    case file:read_file_info(File) of
        {ok, #file_info{type = regular, mode = Mode}} when Mode band 8#077 =:= 0 -> ok;
        {ok, #file_info{type = regular}} ->
            throw([File, ": others have access to it; set its mode to 0600 and make a new "
                         "secret"]);
        {ok, _} -> throw([File, ": this is no regular file"]);
        {error, Why} -> throw([File, ": ", file:format_error(Why)])
    end,
    {ok, Bytes} = file:read_file(File),
    Secret = string:trim(Bytes, trailing, "\n"),
    case re:run(Secret, <<"\\A[!-~]{32,512}\\z">>, [{capture, none}]) of
        match -> Secret;
        nomatch -> throw([File, ": the secret must be one line of 32 to 512 ASCII characters "
                                "without blanks"])
    end.

add_resolve() ->
    Module = ejabberd_s2s_out,
    {module, Module} = code:ensure_loaded(Module),
    erlang:function_exported(Module, resolve, 2) orelse add_resolve(Module),
    ok.

add_resolve(Module) ->
    Forms = case beam_lib:chunks(code:which(Module), [abstract_code]) of
                {ok, {_, [{abstract_code, {_, Found}}]}} -> Found;
                _ -> throw("ejabberd_s2s_out was installed without its abstract code")
            end,
    {ok, Tokens, _} = erl_scan:string(
                        "resolve(Host, State) -> mod_s2s_gateway:resolve(Host, State)."),
    {ok, Function} = erl_parse:parse_form(Tokens),
    {Head, [Named | Tail]} = lists:splitwith(
                               fun({attribute, _, module, _}) -> false; (_) -> true end,
                               Forms),
    {Body, End} = lists:splitwith(fun({eof, _}) -> false; (_) -> true end, Tail),
    Export = {attribute, 1, export, [{resolve, 2}]},
    {ok, Module, Binary} = compile:forms(Head ++ [Named, Export | Body] ++ [Function | End],
                                         [nowarn_unused_function]),
    {module, Module} = code:load_binary(Module, "mod_s2s_gateway", Binary).

%% --- what is proven ---------------------------------------------------------------------

%% Id: of the stream, made by who is asked; From, To: as in what is asked; Nonce: by who asks.
proof(#{server_host := Host}, Label, Id, From, To, Nonce) ->
    #{secret := Secret} = persistent_term:get({?MODULE, Host}),
    hex(crypto:mac(hmac, sha256, Secret, [Label, " ", Id, " ", From, " ", To, " ", Nonce])).

hex(Bytes) ->
    << <<(binary:at(<<"0123456789abcdef">>, N))>> || <<N:4>> <= Bytes >>.

%% In constant time, but for the length.
same(A, B) when byte_size(A) =:= byte_size(B) ->
    0 =:= lists:foldl(fun({X, Y}, D) -> D bor (X bxor Y) end, 0,
                      lists:zip(binary_to_list(A), binary_to_list(B)));
same(_, _) ->
    false.

refuse(Module, #{lang := Lang} = State, Why) ->
    ?LOG_WARNING("mod_s2s_gateway: the other end is not the gateway: ~ts", [Why]),
    {stop, Module:send(State, xmpp:serr_not_authorized(Why, Lang))}.

%% --- outgoing streams ------------------------------------------------------------------

%% Called by xmpp_stream_out, through what add_resolve/1 adds.  []: as without the module.
resolve(_, #{server_host := Host}) ->
    case persistent_term:get({?MODULE, Host}, undefined) of
        #{ip := IP, port := Port} -> [{IP, Port, false}];
        undefined -> []
    end.

%% Neither TLS nor SASL is offered, which is how it should be.
out_unauthenticated(State, true) ->
    State;
out_unauthenticated(#{s2s_gateway_nonce := _} = State, _) ->
    State; % refused
out_unauthenticated(#{server := From, remote_server := To, stream_remote_id := Id} = State,
                    _) ->
    Nonce = hex(crypto:strong_rand_bytes(?NONCE_TEXT div 2)),
    Proof = proof(State, "server-asks", Id, From, To, Nonce),
    State1 = maps:remove(stop_reason, State#{on_route => queue, s2s_gateway_nonce => Nonce}),
    {stop, ejabberd_s2s_out:send(State1, #db_result{from = From, to = To,
                                                    key = <<Nonce/binary, $:, Proof/binary>>})};
out_unauthenticated(State, _) ->
    State.

out_packet(#{server := From, remote_server := To, s2s_gateway_nonce := Nonce,
             stream_remote_id := Id, stream_authenticated := false} = State,
           #db_result{from = To, to = From, type = Type, key = Key})
  when Type =/= undefined ->
    case Type =:= valid andalso
        same(Key, proof(State, "gateway-answers", Id, From, To, Nonce)) of
        true ->
            State1 = ejabberd_s2s_out:handle_auth_success(<<"gateway">>, State),
            {stop, ejabberd_s2s_out:establish(State1)};
        false when Type =:= valid ->
            refuse(ejabberd_s2s_out, State, <<"its answer does not prove the secret">>);
        false ->
            {stop, ejabberd_s2s_out:handle_auth_failure(
                     <<"gateway">>, {auth, <<"the gateway does not take this pair">>}, State)}
    end;
out_packet(State, #db_result{}) ->
    refuse(ejabberd_s2s_out, State, <<"dialback that nobody asked for">>);
out_packet(State, _) ->
    State.

%% --- incoming streams ------------------------------------------------------------------

in_features(Features, _) ->
    [#db_feature{errors = true} | Features].

in_packet(#{stream_id := Id} = State, #db_result{from = From, to = To, type = undefined,
                                                 key = Key}) ->
    case proven(State, Id, From, To, Key) of
        {true, Nonce} -> let_in(State, Id, From, To, Nonce);
        false -> refuse(ejabberd_s2s_in, State, <<"its request does not prove the secret">>)
    end;
in_packet(State, #db_result{}) ->
    refuse(ejabberd_s2s_in, State, <<"an answer that nobody asked for">>);
in_packet(State, _) ->
    State.

proven(State, Id, From, To, <<Nonce:?NONCE_TEXT/binary, $:, Proof/binary>>) ->
    same(Proof, proof(State, "gateway-asks", Id, From, To, Nonce)) andalso {true, Nonce};
proven(_, _, _, _, _) ->
    false.

let_in(State, Id, From, To, Nonce) ->
    case {ejabberd_router:is_my_route(To), ejabberd_router:is_my_route(From)} of
        {true, false} ->
            State1 = ejabberd_s2s_in:send(
                       State, #db_result{from = To, to = From, type = valid,
                                         key = proof(State, "server-answers", Id, From, To,
                                                     Nonce)}),
            State2 = ejabberd_s2s_in:handle_auth_success(From, <<"gateway">>, undefined,
                                                         State1),
            {stop, ejabberd_s2s_in:establish(State2)};
        {false, _} ->
            {stop, ejabberd_s2s_in:send(
                     State, #db_result{from = To, to = From, type = error,
                                       sub_els = [xmpp:err_item_not_found()]})};
        {true, true} ->
            refuse(ejabberd_s2s_in, State, <<"it claims a domain of this server">>)
    end.
